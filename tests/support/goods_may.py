"""Who may do what with records of the other kinds, in which state: written down by hand from the tables.

For each state and action the members who may act, and the guard that refuses all others.
"""

from __future__ import annotations

from typing import Any

from ledger.member import ROLES

__all__ = ["CAST", "MAY"]

CAST = {**{role: (role,) for role in sorted(ROLES)}, "rival": ("carrier",), "stranger": ()}
"""One member of every role; a second carrier who has issued nothing, and a member without a role."""
ALL = set(CAST)
_OFFER = {
    "accept": ({"buyer"}, "pending_recipient_signs"),
    "reject": ({"buyer"}, "pending_recipient_signs"),
    "lapse": (ALL, ""),
}
_PASSED_ON = {
    "accept": ({"forwarder"}, "pending_recipient_signs"),
    "reject": ({"forwarder"}, "pending_recipient_signs"),
    "lapse": (ALL, ""),
    "recall": ({"buyer"}, "controller_signs"),
    "expire": (ALL, ""),
}
_FOOTPRINT = {
    "withdraw": ({"shipper"}, "issuer_signs"),
    "supersede": ({"shipper"}, "issuer_signs"),
    "expire": (ALL, ""),
}
_HOLD = {
    "hold": ({"authority"}, "role"),
    "lift_hold": ({"authority"}, "holding_authority_signs"),
}
_ORDERED = {
    **_HOLD,
    "order_transfer": ({"authority"}, "role"),
    "order_void": ({"authority"}, "role"),
}
MAY: dict[str, Any] = {
    "air_waybill": {
        "new": {"issue": ({"carrier", "rival"}, "role")},
        "issued": {
            "report": ({"carrier"}, "issuer_signs"),
            "deliver": ({"carrier"}, "issuer_signs"),
            "void": ({"carrier"}, "issuer_signs"),
        },
        "delivered": {},
        "void": {},
    },
    "cargo_insurance": {
        "new": {"issue": ({"insurer"}, "role")},
        "issued": {
            **_OFFER,
            "recall": ({"insurer"}, "controller_signs"),
            "cancel": ({"insurer"}, "issuer_signs"),
        },
        "returned": {"cancel": ({"insurer"}, "issuer_signs")},
        "in_force": {
            "offer": ({"buyer"}, "controller_signs"),
            "claim": ({"buyer"}, "controller_signs"),
            "cancel": ({"insurer"}, "issuer_signs"),
            "expire": (ALL, ""),
        },
        "offered": _PASSED_ON,
        "claimed": {
            "withdraw_claim": ({"buyer"}, "controller_signs"),
            "decline_claim": ({"insurer"}, "issuer_signs"),
            "settle_part": ({"buyer"}, "controller_signs"),
            "settle": ({"buyer"}, "controller_signs"),
        },
        "settled": {},
        "cancelled": {},
        "expired": {},
    },
    "carbon_footprint": {
        "new": {"issue": (ALL, "")},
        "stated": {**_FOOTPRINT, "request_verification": ({"shipper"}, "issuer_signs")},
        "in_verification": {
            **_FOOTPRINT,
            "withdraw_request": ({"shipper"}, "issuer_signs"),
            "verify": ({"certifier"}, "field_party_signs"),
            "decline": ({"certifier"}, "field_party_signs"),
        },
        "verified": {**_FOOTPRINT, "revoke_verification": ({"certifier"}, "field_party_signs")},
        "withdrawn": {},
        "superseded": {},
        "expired": {},
    },
    "data_catalogue_entry": {
        "new": {"issue": (ALL, "")},
        "listed": {
            "grant": ({"shipper"}, "controller_signs"),
            "revoke": ({"shipper"}, "controller_signs"),
            "give_up": ({"buyer"}, "argument_is_actor"),
            "pause": ({"shipper"}, "controller_signs"),
            "withdraw": ({"shipper"}, "controller_signs"),
            "expire": (ALL, ""),
        },
        "paused": {
            "revoke": ({"shipper"}, "controller_signs"),
            "give_up": ({"buyer"}, "argument_is_actor"),
            "resume": ({"shipper"}, "controller_signs"),
            "withdraw": ({"shipper"}, "controller_signs"),
            "expire": (ALL, ""),
        },
        "withdrawn": {},
        "expired": {},
    },
    "delivery_order": {
        "new": {"issue": ({"carrier", "rival"}, "role")},
        "issued": {
            **_OFFER,
            **_HOLD,
            "recall": ({"carrier"}, "controller_signs"),
            "cancel": ({"carrier"}, "issuer_signs"),
            "expire": (ALL, ""),
        },
        "returned": {
            **_HOLD,
            "reoffer": ({"carrier"}, "controller_signs"),
            "cancel": ({"carrier"}, "issuer_signs"),
            "expire": (ALL, ""),
        },
        "held": {
            **_HOLD,
            "offer": ({"buyer"}, "controller_signs"),
            "renew_code": ({"buyer"}, "controller_signs"),
            "pick_up": ({"carrier", "warehouse"}, "issuer_or_field_party_signs"),
            "cancel": ({"carrier"}, "issuer_signs"),
            "expire": (ALL, ""),
        },
        "offered": {**_PASSED_ON, **_HOLD},
        "picked_up": {},
        "cancelled": {},
        "expired": {},
    },
    "traceability_event": {
        "new": {"issue": (ALL, "")},
        "recorded": {"correct": ({"warehouse"}, "issuer_signs"), "void": ({"warehouse"}, "issuer_signs")},
        "corrected": {},
        "void": {},
    },
    "warehouse_receipt": {
        "new": {"issue": ({"warehouse"}, "role")},
        "issued": {
            **_OFFER,
            **_ORDERED,
            "recall": ({"warehouse"}, "controller_signs"),
            "void": ({"warehouse"}, "issuer_signs"),
        },
        "returned": {**_ORDERED, "void": ({"warehouse"}, "issuer_signs")},
        "held": {
            **_ORDERED,
            "offer": ({"buyer"}, "controller_signs"),
            "pledge": ({"buyer"}, "controller_signs"),
            "release_part": ({"warehouse"}, "issuer_signs"),
            "reissue": ({"warehouse"}, "issuer_signs"),
            "split": ({"warehouse"}, "issuer_signs"),
            "surrender": ({"buyer"}, "controller_signs"),
        },
        "offered": {**{name: may for name, may in _PASSED_ON.items() if name != "expire"}, **_ORDERED},
        "pledge_offered": {
            **_ORDERED,
            "accept_pledge": ({"bank"}, "pending_recipient_signs"),
            "reject_pledge": ({"bank"}, "field_party_signs"),
            "recall_pledge": ({"buyer"}, "controller_signs"),
        },
        "pledged": {
            **_ORDERED,
            "release_pledge": ({"bank"}, "pledgee_signs"),
            "notify_default": ({"bank"}, "pledgee_signs"),
            "enforce": ({"bank"}, "pledgee_signs"),
        },
        "surrendered": {
            **_ORDERED,
            "withdraw_surrender": ({"buyer"}, "controller_signs"),
            "accept_surrender": ({"warehouse"}, "issuer_signs"),
            "refuse_surrender": ({"warehouse"}, "issuer_signs"),
        },
        "surrender_accepted": {
            **_HOLD,
            "order_void": ({"authority"}, "role"),
            "confirm_delivery": ({"warehouse"}, "issuer_signs"),
        },
        "delivered": {},
        "replaced": {},
        "void": {},
    },
}
