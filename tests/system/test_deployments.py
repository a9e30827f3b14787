"""The files that start Downlink elsewhere: the files and names in them exist, and fit together."""
import re
import shutil
import subprocess

import pytest
import yaml

from downlink import ROOT
from flags import flag_of, flags

KUBERNETES = ROOT / "deploy/kubernetes"
CONTAINERS = {"gateway": "Deployment", "processor": "StatefulSet"}


@pytest.fixture(scope="module")
def objects():
    """Everything that the kustomization lists, by kind and name."""
    listed = yaml.safe_load((KUBERNETES / "kustomization.yaml").read_text())["resources"]
    assert sorted(listed) == sorted(path.name for path in KUBERNETES.glob("*.yaml")
                                    if path.name != "kustomization.yaml")
    found = {}
    for name in listed:
        for one in yaml.safe_load_all((KUBERNETES / name).read_text()):
            key = (one["kind"], one["metadata"]["name"])
            assert key not in found
            found[key] = one
    return found


def pod(objects, part):
    return objects[CONTAINERS[part], f"downlink-{part}"]["spec"]["template"]


def container(objects, part):
    return pod(objects, part)["spec"]["containers"][0]


def settings(objects, part):
    return {one["name"]: one["value"] for one in container(objects, part)["env"]}


@pytest.mark.parametrize("part", CONTAINERS)
def test_a_container_starts_a_program_with_flags_that_it_has(objects, part):
    program, *words = container(objects, part)["command"]
    assert program == f"downlink-{part}" and not words
    assert {flag_of(name) for name in settings(objects, part)} <= set(flags(program))


@pytest.mark.parametrize("part", CONTAINERS)
def test_a_container_may_little_and_asks_for_bounded_memory(objects, part):
    one = container(objects, part)
    assert one["securityContext"] == {"allowPrivilegeEscalation": False,
                                      "readOnlyRootFilesystem": True,
                                      "capabilities": {"drop": ["ALL"]}}
    user = pod(objects, part)["spec"]["securityContext"]["runAsUser"]
    assert f"useradd --uid {user} " in (ROOT / "Dockerfile").read_text()
    assert one["resources"]["limits"]["memory"]


@pytest.mark.parametrize("part", CONTAINERS)
def test_probes_ask_ports_that_the_container_has_for_paths_that_there_are(objects, part):
    one = container(objects, part)
    ports = {port["name"] for port in one["ports"]}
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert one[probe]["httpGet"]["port"] in ports
        assert one[probe]["httpGet"]["path"] in ("/livez", "/readyz")


def test_ports_are_those_that_the_flags_say(objects):
    said = settings(objects, "gateway")
    ports = {port["name"]: port["containerPort"] for part in CONTAINERS
             for port in container(objects, part)["ports"]}
    assert said["DOWNLINK_LISTEN"] == f"0.0.0.0:{ports['http']}"
    assert settings(objects, "processor")["DOWNLINK_ADMIN"] == f"0.0.0.0:{ports['admin']}"
    first = int(flags("downlink-processor")["port"])
    assert [ports[name] for name in ("frames", "queries", "events")] == [first, first + 1, first + 2]
    host, port = said["DOWNLINK_PROCESSORS"].split(":")
    service = objects["Service", host]["spec"]
    assert service["clusterIP"] == "None", "each address counts"
    assert int(port) in [one["port"] for one in service["ports"]]


@pytest.mark.parametrize("part", CONTAINERS)
def test_selectors_choose_the_pods_and_services_their_ports(objects, part):
    name = f"downlink-{part}"
    labels = pod(objects, part)["metadata"]["labels"]
    ports = {port["name"] for port in container(objects, part)["ports"]}
    service = objects["Service", name]["spec"]
    assert service["selector"] == labels
    assert {port["targetPort"] for port in service["ports"]} <= ports
    for kind in (CONTAINERS[part], "PodDisruptionBudget"):
        assert objects[kind, name]["spec"]["selector"]["matchLabels"] == labels
    affinity = pod(objects, part)["spec"]["affinity"]["podAffinity"]
    rule, = affinity["requiredDuringSchedulingIgnoredDuringExecution"]
    assert rule["labelSelector"]["matchLabels"] == labels
    assert rule["topologyKey"] == "kubernetes.io/hostname"


@pytest.mark.parametrize("part,flag", [("gateway", "DOWNLINK_JOURNAL_DIR"),
                                       ("processor", "DOWNLINK_STATE_DIR")])
def test_what_must_last_is_on_a_volume_that_is_claimed(objects, part, flag):
    mount, = container(objects, part)["volumeMounts"]
    volume, = pod(objects, part)["spec"]["volumes"]
    assert mount["name"] == volume["name"]
    assert settings(objects, part)[flag].startswith(mount["mountPath"] + "/")
    assert ("PersistentVolumeClaim", volume["persistentVolumeClaim"]["claimName"]) in objects


def test_kustomize_can_build_it():
    if not shutil.which("kubectl"):
        pytest.skip("kubectl is not installed")
    built = subprocess.run(["kubectl", "kustomize", KUBERNETES], capture_output=True, text=True,
                           timeout=60)
    assert built.returncode == 0, built.stderr
    assert len(list(yaml.safe_load_all(built.stdout))) == 8


def test_the_example_of_an_environment_for_compose_has_all_that_can_be_set_with_its_default():
    compose_text = (ROOT / "docker-compose.yml").read_text()
    lines = re.findall(r"^#?(DOWNLINK_\w+)=(.*)$", (ROOT / ".env.example").read_text(), re.MULTILINE)
    passed = dict(re.findall(r"\$\{(DOWNLINK_\w+):-([^}]*)\}", compose_text))
    services = yaml.safe_load(compose_text)["services"]
    for part in CONTAINERS:
        for variable, value in services[part]["environment"].items():
            default = flags(f"downlink-{part}")[flag_of(variable)]
            if value is None:
                passed[variable] = default
    assert {name for name, _ in lines} == set(passed)
    for name, value in lines:
        assert passed[name] in (value, None), name
