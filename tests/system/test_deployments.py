"""The files that start Downlink elsewhere: the files and names in them exist, and fit together."""
import re
import shutil
import subprocess

import pytest
import yaml

from downlink import ROOT
from flags import flag_of, flags

ONE_NODE = ROOT / "deploy/kubernetes"
MANY_NODES = ONE_NODE / "many-nodes"
PARTS = ("gateway", "processor")
KAFKA = ONE_NODE / "kafka"
SECRET, KAFKA_SECRET, TOKENS_SECRET, KEYS_SECRET = (
    "downlink-database", "downlink-kafka", "downlink-tokens", "downlink-keys")
KEYS = "/var/lib/downlink/curve"
KAFKA_FLAGS = {"DOWNLINK_BUS": "kafka", "DOWNLINK_KAFKA_CONFIG": "/etc/downlink/kafka.properties",
               "DOWNLINK_TOPIC": "${DOWNLINK_TOPIC:-downlink}"}


def read_objects(folder):
    """Everything that the kustomization lists, by kind and name."""
    listed = yaml.safe_load((folder / "kustomization.yaml").read_text())["resources"]
    assert sorted(listed) == sorted(path.name for path in folder.glob("*.yaml")
                                    if path.name != "kustomization.yaml")
    found = {}
    for name in listed:
        for one in yaml.safe_load_all((folder / name).read_text()):
            key = (one["kind"], one["metadata"]["name"])
            assert key not in found
            found[key] = one
    return found


@pytest.fixture(scope="module", params=[ONE_NODE, MANY_NODES, KAFKA], ids=["one-node", "many-nodes", "kafka"])
def folder(request):
    return request.param


@pytest.fixture(scope="module")
def objects(folder):
    return read_objects(folder)


def kind(objects, part):
    """What runs the pods."""
    one, = {"Deployment", "StatefulSet"} & {kind for kind, name in objects if name == f"downlink-{part}"}
    return one


def pod(objects, part):
    return objects[kind(objects, part), f"downlink-{part}"]["spec"]["template"]


def container(objects, part):
    return pod(objects, part)["spec"]["containers"][0]


def settings(objects, part):
    """The values of variables; None: it is in a secret."""
    return {one["name"]: one.get("value") for one in container(objects, part)["env"]}


@pytest.mark.parametrize("part", PARTS)
def test_a_container_starts_a_program_with_flags_that_it_has(objects, part):
    program, *words = container(objects, part)["command"]
    assert program == f"downlink-{part}" and not words
    ours = {name for name in settings(objects, part) if name.startswith("DOWNLINK_")}
    assert {flag_of(name) for name in ours} <= set(flags(program))


@pytest.mark.parametrize("part", PARTS)
def test_a_container_may_little_and_asks_for_bounded_memory(objects, part):
    one = container(objects, part)
    assert one["securityContext"] == {"allowPrivilegeEscalation": False,
                                      "readOnlyRootFilesystem": True,
                                      "capabilities": {"drop": ["ALL"]}}
    user = pod(objects, part)["spec"]["securityContext"]["runAsUser"]
    assert f"useradd --uid {user} " in (ROOT / "Dockerfile").read_text()
    assert one["resources"]["limits"]["memory"]


@pytest.mark.parametrize("part", PARTS)
def test_probes_ask_ports_that_the_container_has_for_paths_that_there_are(objects, part):
    one = container(objects, part)
    ports = {port["name"] for port in one["ports"]}
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert one[probe]["httpGet"]["port"] in ports
        assert one[probe]["httpGet"]["path"] in ("/livez", "/readyz")


def test_ports_are_those_that_the_flags_say(objects):
    said = settings(objects, "gateway")
    ports = {port["name"]: port["containerPort"] for part in PARTS
             for port in container(objects, part)["ports"]}
    assert said["DOWNLINK_LISTEN"] == f"0.0.0.0:{ports['http']}"
    assert settings(objects, "processor")["DOWNLINK_ADMIN"] == f"0.0.0.0:{ports['admin']}"
    first = int(flags("downlink-processor")["port"])
    assert [ports[name] for name in ("frames", "queries", "events")] == [first, first + 1, first + 2]
    host, port = said["DOWNLINK_PROCESSORS"].split(":")
    service = objects["Service", host]["spec"]
    assert service["clusterIP"] == "None", "each address counts"
    assert int(port) in [one["port"] for one in service["ports"]]


@pytest.mark.parametrize("part", PARTS)
def test_selectors_choose_the_pods_and_services_their_ports(objects, part):
    name = f"downlink-{part}"
    labels = pod(objects, part)["metadata"]["labels"]
    ports = {port["name"] for port in container(objects, part)["ports"]}
    service = objects["Service", name]["spec"]
    assert service["selector"] == labels
    assert {port["targetPort"] for port in service["ports"]} <= ports
    for one in (kind(objects, part), "PodDisruptionBudget"):
        assert objects[one, name]["spec"]["selector"]["matchLabels"] == labels


@pytest.mark.parametrize("part,flag", [("gateway", "DOWNLINK_JOURNAL_DIR"),
                                       ("processor", "DOWNLINK_STATE_DIR")])
def test_on_one_node_pods_share_a_volume_and_its_node(part, flag):
    objects = read_objects(ONE_NODE)
    affinity = pod(objects, part)["spec"]["affinity"]["podAffinity"]
    rule, = affinity["requiredDuringSchedulingIgnoredDuringExecution"]
    assert rule["labelSelector"]["matchLabels"] == pod(objects, part)["metadata"]["labels"]
    assert rule["topologyKey"] == "kubernetes.io/hostname"
    mount = container(objects, part)["volumeMounts"][0]
    volume = pod(objects, part)["spec"]["volumes"][0]
    assert mount["name"] == volume["name"]
    assert settings(objects, part)[flag].startswith(mount["mountPath"] + "/")
    assert ("PersistentVolumeClaim", volume["persistentVolumeClaim"]["claimName"]) in objects


@pytest.mark.parametrize("part", PARTS)
def test_on_many_nodes_pods_are_spread_and_share_no_volume(part):
    objects = read_objects(MANY_NODES)
    assert "PersistentVolumeClaim" not in {kind for kind, _ in objects}
    assert all("secret" in volume for volume in pod(objects, part)["spec"].get("volumes", ()))
    assert "affinity" not in pod(objects, part)["spec"]
    rule, = pod(objects, part)["spec"]["topologySpreadConstraints"]
    assert rule["labelSelector"]["matchLabels"] == pod(objects, part)["metadata"]["labels"]
    assert rule["topologyKey"] == "kubernetes.io/hostname"


def test_on_many_nodes_each_gateway_has_a_journal_of_its_own():
    objects = read_objects(MANY_NODES)
    gateways = objects["StatefulSet", "downlink-gateway"]["spec"]
    assert ("Service", gateways["serviceName"]) in objects
    claim, = gateways["volumeClaimTemplates"]
    mount = container(objects, "gateway")["volumeMounts"][0]
    assert mount["name"] == claim["metadata"]["name"]
    journal = settings(objects, "gateway")["DOWNLINK_JOURNAL_DIR"]
    assert journal.startswith(mount["mountPath"] + "/")


def test_on_many_nodes_the_database_comes_from_a_secret_that_the_readme_makes():
    variables = {one["name"]: one for one in container(read_objects(MANY_NODES), "processor")["env"]}
    made = (MANY_NODES / "README.md").read_text().split(f"create secret generic {SECRET} ", 1)[1]
    for name in ("DOWNLINK_STORE", "PGPASSWORD"):
        reference = variables[name]["valueFrom"]["secretKeyRef"]
        assert reference["name"] == SECRET
        assert re.search(rf"--from-(literal|file) {reference['key']}=", made)


def test_over_kafka_processors_are_those_of_many_nodes_and_gateways_have_no_disk():
    many, kafka = read_objects(MANY_NODES), read_objects(KAFKA)
    added = {"DOWNLINK_BUS": "kafka", "DOWNLINK_TOPIC": "downlink",
             "DOWNLINK_KAFKA_CONFIG": "/etc/downlink/kafka/kafka.properties"}
    assert settings(kafka, "processor") == {**settings(many, "processor"), **added,
                                            "DOWNLINK_DEAD_LETTER": "downlink-dead-letters"}
    without_journal = {name: value for name, value in settings(many, "gateway").items()
                       if name != "DOWNLINK_JOURNAL_DIR"}
    assert settings(kafka, "gateway") == {**without_journal, **added, "DOWNLINK_JOURNAL": "off"}
    made = (KAFKA / "README.md").read_text().split(f"create secret generic {KAFKA_SECRET} ", 1)[1]
    for part in PARTS:
        del container(many, part)["volumeMounts"], pod(many, part)["spec"]["volumes"]
        mounts = container(kafka, part).pop("volumeMounts")
        volume, = (one for one in pod(kafka, part)["spec"].pop("volumes")
                   if one["secret"]["secretName"] == KAFKA_SECRET)
        mount, = (one for one in mounts if one["name"] == volume["name"])
        assert mount["readOnly"]
        assert f"--from-file {added['DOWNLINK_KAFKA_CONFIG'].removeprefix(mount['mountPath'] + '/')}=" in made
        del container(kafka, part)["env"], container(many, part)["env"]
    assert pod(kafka, "processor") == pod(many, "processor")


def test_a_gateway_has_its_tokens_from_a_secret_that_the_readme_makes(folder, objects):
    mounts = container(objects, "gateway")["volumeMounts"]
    volume, = (one for one in pod(objects, "gateway")["spec"]["volumes"]
               if one.get("secret") == {"secretName": TOKENS_SECRET})
    mount, = (one for one in mounts if one["name"] == volume["name"])
    assert mount["readOnly"]
    assert settings(objects, "gateway")["DOWNLINK_TOKEN_FILE"] == mount["mountPath"] + "/tokens"
    assert "DOWNLINK_INSECURE" not in settings(objects, "gateway")
    assert f"create secret generic {TOKENS_SECRET} --from-file tokens" in (folder / "README.md").read_text()


@pytest.mark.parametrize("part", PARTS)
def test_links_have_keys_from_a_secret_and_only_gateways_reach_the_ports(folder, objects, part):
    volume, = (one for one in pod(objects, part)["spec"]["volumes"]
               if one.get("secret", {}).get("secretName") == KEYS_SECRET)
    mount, = (one for one in container(objects, part)["volumeMounts"] if one["name"] == volume["name"])
    assert mount["readOnly"] and mount["mountPath"] == settings(objects, part)["DOWNLINK_CURVE_DIR"]
    assert volume["secret"]["defaultMode"] == 0o440
    assert {one["path"] for one in volume["secret"]["items"]} == {f"{part}.key", "peers"}, "no other's secret"
    user = pod(objects, part)["spec"]["securityContext"]
    assert user["fsGroup"] == user["runAsGroup"], "else it cannot read the files"
    made = (folder / "README.md").read_text().split(f"create secret generic {KEYS_SECRET} ", 1)[1]
    for name in ("gateway.key", "processor.key", "peers"):
        assert f"--from-file keys/{name}" in made
    policy = objects["NetworkPolicy", "downlink-processor"]["spec"]
    assert policy["podSelector"]["matchLabels"] == pod(objects, "processor")["metadata"]["labels"]
    closed, scraped = policy["ingress"]
    assert closed["from"] == [{"podSelector": {"matchLabels": pod(objects, "gateway")["metadata"]["labels"]}}]
    ports = {port["name"] for port in container(objects, "processor")["ports"]}
    assert {port["port"] for port in (*closed["ports"], *scraped["ports"])} == ports
    assert scraped["ports"] == [{"port": "admin"}]


@pytest.mark.parametrize("name", ["", ".postgres", ".kafka", ".rabbitmq", ".sqs"])
def test_compose_keeps_processors_inside_with_keys_and_bounds_memory(name):
    file = yaml.safe_load((ROOT / f"docker-compose{name}.yml").read_text())
    services = file["services"]
    assert file["networks"]["inside"] == {"internal": True}
    assert services["gateway"]["networks"] == ["default", "inside"]
    for service, one in services.items():
        assert one["mem_limit"]
        if service != "gateway":
            assert "ports" not in one and (one.get("networks") == ["inside"] or one["network_mode"] == "none")
    for part in PARTS:
        assert services[part]["environment"]["DOWNLINK_CURVE_DIR"] == KEYS
        assert f"keys:{KEYS}" in services[part]["volumes"]
    assert f" {KEYS}\n" in (ROOT / "Dockerfile").read_text().replace("\\\n", ""), "the volume gets its mode from it"


def test_compose_is_open_on_this_machine_only_and_asks_for_tokens_elsewhere():
    for name in ("", ".postgres", ".kafka", ".rabbitmq", ".sqs"):
        gateway = yaml.safe_load((ROOT / f"docker-compose{name}.yml").read_text())["services"]["gateway"]
        assert gateway["environment"]["DOWNLINK_INSECURE"] == "yes"
        assert [port.startswith("${DOWNLINK_HTTP_ADDRESS:-127.0.0.1}:") for port in gateway["ports"]] == [True]
    closed = yaml.safe_load((ROOT / "docker-compose.tokens.yml").read_text())["services"]["gateway"]
    assert closed["environment"]["DOWNLINK_INSECURE"] == "no"
    folder = closed["volumes"][0].split(":")[1]
    assert closed["environment"]["DOWNLINK_TOKEN_FILE"].startswith(folder + "/")
    dockerfile = (ROOT / "Dockerfile").read_text()
    assert folder in dockerfile and "ENV DOWNLINK_INSECURE" not in dockerfile


def test_compose_with_tls_mounts_the_files_and_the_image_can_check_its_health():
    """The health check spoke plain HTTP to a port with TLS, so a healthy gateway counted as unhealthy."""
    gateway = yaml.safe_load((ROOT / "docker-compose.tls.yml").read_text())["services"]["gateway"]
    folder = gateway["volumes"][0].split(":")[1]
    assert sorted(gateway["environment"]) == ["DOWNLINK_TLS_CERT", "DOWNLINK_TLS_KEY"]
    assert all(path.startswith(folder + "/") for path in gateway["environment"].values())
    runtime = re.search(r'\[runtime\]="([^"]*)"', (ROOT / "scripts" / "install-dependencies.sh").read_text())[1]
    assert "curl" in runtime.split(), "ready.sh needs it"


def test_kustomize_can_build_it(folder, objects):
    if not shutil.which("kubectl"):
        pytest.skip("kubectl is not installed")
    built = subprocess.run(["kubectl", "kustomize", folder], capture_output=True, text=True, timeout=60)
    assert built.returncode == 0, built.stderr
    assert len(list(yaml.safe_load_all(built.stdout))) == len(objects)


def test_compose_with_postgres_has_the_same_gateway_and_a_processor_without_a_volume():
    files = [yaml.safe_load((ROOT / f"docker-compose{name}.yml").read_text())
             for name in ("", ".postgres")]
    plain, postgres = (file["services"] for file in files)
    assert postgres["gateway"] == plain["gateway"]
    changed = ("depends_on", "environment", "volumes")
    assert {name: value for name, value in postgres["processor"].items() if name not in changed} == \
        {name: value for name, value in plain["processor"].items() if name not in changed}
    ours = postgres["processor"]["environment"]
    assert {name for name in ours if name.startswith("DOWNLINK_")} == \
        {*plain["processor"]["environment"], "DOWNLINK_STORE"}
    assert postgres["processor"]["volumes"] == ["secrets:/secrets:ro", f"keys:{KEYS}"]
    assert re.fullmatch(r"postgres://\w+@postgres/\w+", ours["DOWNLINK_STORE"]), "no password"
    assert "ports" not in postgres["postgres"]
    assert set(files[1]["volumes"]) == {"journal", "database", "secrets", "keys"}


def test_compose_with_kafka_adds_a_broker_and_takes_the_disk_of_the_gateway():
    files = [yaml.safe_load((ROOT / f"docker-compose{name}.yml").read_text()) for name in (".postgres", ".kafka")]
    postgres, kafka = (file["services"] for file in files)
    mounted = "./deploy/kafka/client.properties:" + KAFKA_FLAGS["DOWNLINK_KAFKA_CONFIG"] + ":ro"
    ours, theirs = kafka["gateway"], postgres["gateway"]
    assert ours["volumes"] == [f"keys:{KEYS}", mounted]
    for name in ("DOWNLINK_JOURNAL", "DOWNLINK_JOURNAL_LIMIT"):
        del theirs["environment"][name]
    assert ours["environment"] == {**theirs["environment"], **KAFKA_FLAGS, "DOWNLINK_JOURNAL": "off"}
    ours, theirs = kafka["processor"], postgres["processor"]
    assert ours["volumes"] == [*theirs["volumes"], mounted]
    assert ours["environment"] == {**theirs["environment"], **KAFKA_FLAGS,
                                   "DOWNLINK_DEAD_LETTER": "${DOWNLINK_DEAD_LETTER:-downlink-dead-letters}"}
    for name in ("postgres", "secrets"):
        assert kafka[name] == postgres[name]
    broker = kafka["kafka"]
    assert "ports" not in broker
    address = broker["environment"]["KAFKA_ADVERTISED_LISTENERS"].removeprefix("PLAINTEXT://")
    assert f"bootstrap.servers={address}" in (ROOT / "deploy/kafka/client.properties").read_text()
    version = re.search(r"<version>(.*?)</version>", (ROOT / "tests/support/kafka-image/pom.xml").read_text()).group(1)
    assert f":-apache/kafka:{version}}}" in broker["image"], "the release that the tests run"
    assert set(files[1]["volumes"]) == {"messages", "database", "secrets", "keys"}


def test_compose_with_rabbitmq_is_that_with_kafka_but_for_the_broker_and_a_password():
    files = [yaml.safe_load((ROOT / f"docker-compose{name}.yml").read_text()) for name in (".kafka", ".rabbitmq")]
    kafka, rabbitmq = (file["services"] for file in files)
    for name in ("gateway", "processor"):
        ours, theirs = rabbitmq[name], kafka[name]
        assert ours["volumes"] == ["secrets:/secrets:ro", f"keys:{KEYS}"]
        del theirs["environment"]["DOWNLINK_KAFKA_CONFIG"]
        assert ours["environment"] == {**theirs["environment"], "DOWNLINK_BUS": "rabbitmq",
                                       "DOWNLINK_RABBITMQ_CONFIG": "/secrets/rabbitmq.properties"}
        assert ours["depends_on"]["secrets"] == {"condition": "service_completed_successfully"}
        changed = ("volumes", "environment", "depends_on")
        assert {key: value for key, value in ours.items() if key not in changed} == \
            {key: value for key, value in theirs.items() if key not in changed}
    assert rabbitmq["postgres"] == kafka["postgres"]
    assert "ports" not in rabbitmq["rabbitmq"]
    assert rabbitmq["rabbitmq"]["hostname"] == "rabbitmq"
    assert set(files[1]["volumes"]) == {"messages", "database", "secrets", "keys"}


def test_the_passwords_of_compose_with_rabbitmq_are_made_once(tmp_path):
    """The script of its service, with other paths and without another owner."""
    compose = yaml.safe_load((ROOT / "docker-compose.rabbitmq.yml").read_text())
    script = compose["services"]["secrets"]["command"][-1].replace("$$", "$")
    script = script.replace("cd /secrets", f"cd {tmp_path}").replace("chown downlink:", "true")
    before = None
    for _ in range(2):
        subprocess.run(["sh", "-ceu", script], check=True)
        found = {path.name: path.read_text() for path in tmp_path.iterdir()}
        password = re.fullmatch(r"url=amqp://rabbitmq/\nuser=downlink\npassword=([0-9a-f]{48})\n",
                                found["rabbitmq.properties"]).group(1)
        assert found["rabbitmq.conf"] == f"default_user = downlink\ndefault_pass = {password}\n"
        assert tmp_path.joinpath("rabbitmq.properties").stat().st_mode & 0o777 == 0o600
        assert set(found) == {"password", "pgpass", "rabbitmq.conf", "rabbitmq.properties"}
        assert before in (None, found)
        before = found


def test_compose_with_sqs_is_that_with_kafka_but_for_the_service():
    files = [yaml.safe_load((ROOT / f"docker-compose{name}.yml").read_text()) for name in (".kafka", ".sqs")]
    kafka, sqs = (file["services"] for file in files)
    for name in ("gateway", "processor"):
        ours, theirs = sqs[name], kafka[name]
        mounted = ours["environment"]["DOWNLINK_SQS_CONFIG"]
        assert f"./deploy/sqs/client.properties:{mounted}:ro" in ours["volumes"]
        del theirs["environment"]["DOWNLINK_KAFKA_CONFIG"]
        assert ours["environment"] == {**theirs["environment"], "DOWNLINK_BUS": "sqs", "DOWNLINK_SQS_CONFIG": mounted,
                                       "AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "any"}
    assert sqs["postgres"] == kafka["postgres"]
    assert "ports" not in sqs["sqs"]
    assert "endpoint=http://sqs:9324" in (ROOT / "deploy/sqs/client.properties").read_text()
    version = re.search(r"<version>(.*?)</version>", (ROOT / "tests/support/sqs-image/pom.xml").read_text()).group(1)
    assert f":-softwaremill/elasticmq:{version}}}" in sqs["sqs"]["image"], "the release that the tests run"
    assert set(files[1]["volumes"]) == set(files[0]["volumes"])


def test_the_example_of_an_environment_for_compose_has_all_that_can_be_set_with_its_default():
    compose_text = (ROOT / "docker-compose.yml").read_text()
    lines = re.findall(r"^#?(DOWNLINK_\w+)=(.*)$", (ROOT / ".env.example").read_text(), re.MULTILINE)
    passed = dict(re.findall(r"\$\{(DOWNLINK_\w+):-([^}]*)\}", compose_text))
    services = yaml.safe_load(compose_text)["services"]
    for part in PARTS:
        for variable, value in services[part]["environment"].items():
            default = flags(f"downlink-{part}")[flag_of(variable)]
            if value is None:
                passed[variable] = default
    assert {name for name, _ in lines} == set(passed)
    for name, value in lines:
        assert passed[name] in (value, None), name


def test_the_image_declares_no_volume():
    """Each container got an anonymous volume for the directory that it does not use, which nobody removes."""
    assert not re.search(r"^VOLUME", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
