"""What devices sign, under the JavaScript verifier: the verdicts are the Python one's."""

from sealwright import Certificate, Policy

from tests.host_tools.web.judging import Job, alike, needs_node


@needs_node
def test_the_devices_messages_have_the_same_verdicts(made):
    messages = [one.message for one in made]
    roots = tuple(
        message for message in messages
        if isinstance(message.body, Certificate) and message.body.issuer == message.body.subject
    )  # fmt: skip
    owners = tuple({one.signer.xy: one.signer for one in made}.values())
    times = [roots[0].body.issued_at + seconds for seconds in (0, 3600, 10**9)]
    whole = b"".join(one.bytes for one in made)
    jobs = [Job(whole, roots, Policy(at=at, owners=owners), call=call)
            for at in times for call in ("judgeBundle", "verifyBundle")]  # fmt: skip
    jobs += [Job(one.bytes, roots, Policy(at=times[0], owners=owners)) for one in made]
    first, *_ = alike(jobs)
    assert len(first["verdicts"]) == len(made)
    assert {verdict["type"] for verdict in first["verdicts"] if verdict["ok"]} > {"certificate", "reading", "voucher"}
