from ingestion_operator.decision.policies.danger import danger
from tests.operator.kit import FLOOR, GIB, make_sample, situation

FULL = int(23.5 * GIB)


def test_a_full_shared_device_without_measurements_leaves_half() -> None:
    verdict = danger(situation([make_sample(floor=None, device_used=FULL)] * 4))
    assert verdict is not None
    assert verdict.value == 2
    assert "23.5 GiB of 24.0 GiB on GPU-1a2b are in use, more than 95 %" in verdict.message


def test_measured_floors_speak_for_themselves() -> None:
    assert danger(situation([make_sample(floor=FLOOR, device_used=FULL)] * 4)) is None


def test_a_device_with_room_is_no_danger() -> None:
    assert danger(situation([make_sample(floor=None)] * 4)) is None


def test_a_worker_alone_is_its_own_matter() -> None:
    assert danger(situation([make_sample(floor=None, device_used=FULL)])) is None
