"""Every scripted attack of these tests."""

from __future__ import annotations

from tests.attacks import downgrades, endless, names, replays, sealing, sign_ons, signatures

ATTACKS = [
    *signatures.ATTACKS,
    *sealing.ATTACKS,
    *replays.ATTACKS,
    *downgrades.ATTACKS,
    *sign_ons.ATTACKS,
    *names.ATTACKS,
    *endless.ATTACKS,
]
CASES = [(attack, dialect) for attack in ATTACKS for dialect in attack.dialects]
