"""CloudEvents on POST /messages: structured, batched and binary mode, and the refusals of each."""
import base64
import json

import pytest

from downlink import LAUNCH_TIME, channel, message, raw

STRUCTURED = "application/cloudevents+json"
BATCHED = "application/cloudevents-batch+json"


def event(of, number, kind="RocketSpeedIncreased", **attributes):
    plain = message(of, number, kind)
    made = {"specversion": "1.0", "id": "%s-%s" % (of, number), "source": "/test", "type": kind,
            "subject": of, "sequence": str(number), "time": LAUNCH_TIME, "data": plain["message"]}
    return {**made, **attributes}


def post(pair, body, content_type=STRUCTURED, **fields):
    return pair.call("POST", "/messages", json.dumps(body), Content_Type=content_type, **fields)


def post_binary(pair, one, content_type="application/json", **fields):
    """One event in binary mode; fields go before its attributes, None leaves one out."""
    head = {"ce-" + name: value for name, value in one.items() if name != "data"}
    head.update({name.replace("_", "-"): value for name, value in fields.items()})
    head = {name: value for name, value in head.items() if value is not None}
    return pair.call("POST", "/messages", json.dumps(one["data"]), Content_Type=content_type,
                     **head)


def errors(answer):
    assert answer.status == 400
    return [(error["index"], error["pointer"]) for error in answer.json()["errors"]]


def test_every_kind_arrives_in_every_mode_as_the_plain_messages_do(pair):
    kinds = ["RocketLaunched", "RocketSpeedIncreased", "RocketSpeedDecreased",
             "RocketMissionChanged", "RocketExploded"]
    plain, single, batched, binary = (channel() for _ in range(4))
    pair.post([message(plain, number, kind) for number, kind in enumerate(kinds, 1)])
    for number, kind in enumerate(kinds, 1):
        assert post(pair, event(single, number, kind)).json() == {
            "status": "accepted", "accepted": 1}
        assert post_binary(pair, event(binary, number, kind)).status == 202
    answer = post(pair, [event(batched, number, kind) for number, kind in enumerate(kinds, 1)],
                  BATCHED)
    assert answer.json() == {"status": "accepted", "accepted": 5}
    rockets = [pair.rocket_when(one, lambda rocket: rocket["messagesApplied"] == 5)
               for one in (plain, single, batched, binary)]
    assert rockets[0]["status"] == "exploded" and rockets[0]["speed"] == 500
    for rocket in rockets[1:]:
        assert {**rocket, "id": plain} == rockets[0]


def in_base64(one):
    data = base64.b64encode(json.dumps(one["data"]).encode()).decode()
    return {**{name: value for name, value in one.items() if name != "data"}, "data_base64": data}


def test_data_in_base64_is_read_as_data_is(pair):
    one = channel()
    assert post(pair, in_base64(event(one, 1, datacontenttype="application/json"))).status == 202
    assert post(pair, [event(one, 2), in_base64(event(one, 3)), event(one, 4)], BATCHED).status == 202
    assert pair.rocket_when(one, lambda rocket: rocket["messagesApplied"] == 4)["speed"] == 400


def test_bad_data_in_base64_is_refused_at_its_place(pair):
    good = in_base64(event(channel(), 1))
    assert errors(post(pair, {**good, "data": {"by": 1}})) == [(0, "/data_base64")]
    assert errors(post(pair, {**good, "data_base64": "e30"})) == [(0, "/data_base64")]
    assert errors(post(pair, {**good, "data_base64": "e30="})) == [(0, "/data_base64/by")]
    assert errors(post(pair, {**good, "datacontenttype": "text/plain"})) == [(0, "/datacontenttype")]


def test_an_event_and_a_plain_message_of_one_number_count_once(pair):
    one = channel()
    pair.post(message(one, 1))
    for sequence in ("1", 1, "001"):
        assert post(pair, event(one, 1, sequence=sequence)).status == 202
    assert post_binary(pair, event(one, 1)).status == 202
    pair.post(message(one, 2))
    rocket = pair.rocket_when(one, lambda rocket: rocket["lastMessageNumber"] == 2)
    assert (rocket["messagesApplied"], rocket["conflicts"], rocket["missing"]) == (2, 0, [])


@pytest.mark.parametrize("content_type", [
    STRUCTURED + "; charset=utf-8", "Application/CloudEvents+JSON"])
def test_a_media_type_is_read_without_parameters_and_case(pair, content_type):
    assert post(pair, event(channel(), 1), content_type).status == 202


def test_attributes_that_are_not_ours_are_passed_over(pair):
    one = event(channel(), 1, traceparent="x", datacontenttype="application/json", partition=7)
    assert post(pair, one).status == 202
    assert post_binary(pair, event(channel(), 1), ce_dataschema="x", ce_other="y").status == 202


BAD = [("specversion", "0.3"), ("specversion", 1), ("id", ""), ("id", 7), ("source", ""),
       ("subject", ""), ("subject", "x" * 129), ("subject", None), ("sequence", "0"),
       ("sequence", ""), ("sequence", "-1"), ("sequence", "1.5"), ("sequence", "x"),
       ("sequence", str(2**53)), ("sequence", "9" * 65), ("sequence", 0), ("sequence", 1.5),
       ("sequence", True), ("time", "yesterday"), ("time", 7), ("type", "RocketLanded"),
       ("type", 7), ("data", 7), ("data", None)]


@pytest.mark.parametrize("name,value", BAD)
def test_an_attribute_that_breaks_a_rule_is_refused_by_its_pointer(pair, name, value):
    bad = event(channel(), 1, **{name: value})
    assert errors(post(pair, bad)) == [(0, "/" + name)]
    assert errors(post(pair, [event(channel(), 1), bad], BATCHED)) == [(1, "/" + name)]


@pytest.mark.parametrize("number", ["2.0", "20e-1", "0.2E1"])
def test_an_integer_counts_in_any_form_that_json_has(pair, number):
    one = channel()
    text = json.dumps(event(one, "%d", data={"by": "%d"})).replace('"%d"', number)
    assert pair.call("POST", "/messages", text, Content_Type=STRUCTURED).status == 202
    base64_text = base64.b64encode(b'{"by": %s}' % number.encode()).decode()
    encoded = event(one, 3, data_base64=base64_text)
    del encoded["data"]
    assert post(pair, encoded).status == 202
    head = {"ce-" + name: value for name, value in event(one, "4").items() if name != "data"}
    assert pair.call("POST", "/messages", '{"by": %s}' % number, **head).status == 202
    rocket = pair.rocket_when(one, lambda rocket: rocket["messagesApplied"] == 3)
    assert rocket["speed"] == 6


@pytest.mark.parametrize("name", event("x", 1))
def test_a_missing_attribute_is_refused_by_its_name(pair, name):
    bad = event(channel(), 1)
    del bad[name]
    [error] = post(pair, bad).json()["errors"]
    assert error == {"index": 0, "pointer": "/" + name, "detail": "is missing"}


@pytest.mark.parametrize("name", event("x", 1))
def test_an_attribute_given_twice_is_refused(pair, name):
    text = json.dumps(event(channel(), 1))
    text = text.replace('"%s":' % name, '"%s": "1.0", "%s":' % (name, name), 1)
    answer = pair.call("POST", "/messages", text, Content_Type=STRUCTURED)
    assert answer.json()["errors"] == [
        {"index": 0, "pointer": "/" + name, "detail": "is given more than once"}]


def test_what_is_wrong_with_the_data_is_told_by_its_place_in_the_event(pair):
    bad = event(channel(), 1, data={"by": -1})
    assert errors(post(pair, bad)) == [(0, "/data/by")]
    assert errors(post(pair, event(channel(), 1, data={}))) == [(0, "/data/by")]
    assert errors(post_binary(pair, bad)) == [(0, "/by")]
    assert errors(post_binary(pair, event(channel(), 1, data=[]))) == [(0, "")]


def test_all_faults_of_an_event_are_told_in_the_order_of_its_attributes(pair):
    bad = {"specversion": "0.3", "source": "", "subject": "", "sequence": "0",
           "time": "now", "type": "RocketLaunched", "data": {"launchSpeed": -1, "mission": "m"}}
    places = ["specversion", "id", "source", "subject", "sequence", "time"]
    members = ["type", "launchSpeed"]
    assert errors(post(pair, bad)) == [
        (0, "/" + place) for place in places + ["data/" + member for member in members]]
    bad["subject"] = "%"
    assert errors(post_binary(pair, bad)) == [
        (0, place) for place in ["ce-" + place for place in places] + ["/type", "/launchSpeed"]]
    del bad["data"]
    bad["data_base64"] = "!"
    assert errors(post(pair, {**bad, "subject": "x"})) == [
        (0, "/" + place) for place in places if place != "subject"] + [(0, "/data_base64")]
    answer = post(pair, [bad, event(channel(), 1)], BATCHED)
    assert answer.json()["detail"].startswith("1 of 2 messages are refused")


@pytest.mark.parametrize("name,value", [
    (name, value) for name, value in BAD if isinstance(value, str)])
def test_in_binary_mode_a_bad_attribute_is_refused_by_the_name_of_its_field(pair, name, value):
    assert errors(post_binary(pair, event(channel(), 1, **{name: value}))) == [(0, "ce-" + name)]


@pytest.mark.parametrize("name", ["id", "source", "subject", "sequence", "time", "type"])
def test_in_binary_mode_a_missing_attribute_is_refused_by_the_name_of_its_field(pair, name):
    [error] = post_binary(pair, event(channel(), 1, **{name: None})).json()["errors"]
    assert error == {"index": 0, "pointer": "ce-" + name, "detail": "is missing"}


@pytest.mark.parametrize("sent,meant", [
    ("Euro%20%E2%82%AC%20%F0%9F%98%80", "Euro%20%E2%82%AC%20%F0%9F%98%80"),
    ("%61%62%2d", "ab-"), ('"a b"', "a%20b"), (r'"a\"b\\"', "a%22b%5C"), ("a+b", "a+b")])
def test_a_field_is_unquoted_and_percent_decoded_once(pair, sent, meant):
    unique = channel()
    sent = sent[:-1] + unique + '"' if sent.endswith('"') else sent + unique
    assert post_binary(pair, event("", 1, subject=sent)).status == 202
    pair.rocket_when(meant + unique, lambda rocket: True)


@pytest.mark.parametrize("sent", ["%", "%zz", "%C0%A0", "%00", "a%00b", "%0a", '"open', '"a"b', '"'])
def test_a_field_that_is_broken_or_no_text_is_refused(pair, sent):
    assert errors(post_binary(pair, event("", 1, subject=sent))) == [(0, "ce-subject")]


def test_one_bad_event_refuses_all_unless_handling_is_lenient(pair):
    one = channel()
    batch = [event(one, 1), event(one, 0), 7, event(one, 2)]
    assert errors(post(pair, batch, BATCHED)) == [(1, "/sequence"), (2, "")]
    assert pair.rocket(one) is None
    answer = post(pair, batch, BATCHED, Prefer="handling=lenient")
    assert (answer.status, answer.json()["accepted"]) == (202, 2)
    pair.rocket_when(one, lambda rocket: rocket["messagesApplied"] == 2)


def test_each_mode_takes_its_own_form_alone(pair):
    one = event(channel(), 1)
    assert post(pair, [], BATCHED).json() == {"status": "accepted", "accepted": 0}
    for body, content_type in [([one], STRUCTURED), (one, BATCHED), (7, STRUCTURED), (7, BATCHED)]:
        answer = post(pair, body, content_type)
        assert (answer.status, answer.json()["type"]) == (400, "urn:downlink:problem:bad-body")
    assert errors(post(pair, one, "application/json")) == [(0, "/metadata"), (0, "/message")]


@pytest.mark.parametrize("body", ["", " ", "{", "nope"])
def test_data_that_is_no_json_is_refused(pair, body):
    head = {"ce-" + name: value for name, value in event(channel(), 1).items() if name != "data"}
    answer = pair.call("POST", "/messages", body, **head)
    assert (answer.status, answer.json()["type"]) == (400, "urn:downlink:problem:bad-body")


@pytest.mark.parametrize("content_type", [
    "application/cloudevents", "application/cloudevents+avro", "application/cloudevents-batch",
    "application/cloudevents-batch+avro", "application/cloudevents+xml+json"])
def test_events_of_another_format_are_refused(pair, content_type):
    assert post(pair, event(channel(), 1), content_type).status == 415


def test_fields_beside_a_structured_event_change_nothing(pair):
    one = channel()
    answer = post(pair, event(one, 1), ce_specversion="0.1", ce_subject="other")
    assert answer.status == 202
    pair.rocket_when(one, lambda rocket: rocket["messagesApplied"] == 1)


def test_the_names_of_fields_have_no_case(pair):
    one = channel()
    body = json.dumps(event(one, 1)["data"])
    fields = "".join("CE-%s: %s\r\n" % (name.title(), value)
                     for name, value in event(one, 1).items() if name != "data")
    request = (f"POST /messages HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{fields}"
               f"Content-Length: {len(body)}\r\n\r\n{body}")
    assert raw(pair.http, request.encode()).startswith(b"HTTP/1.1 202 ")
    pair.rocket_when(one, lambda rocket: rocket["messagesApplied"] == 1)
