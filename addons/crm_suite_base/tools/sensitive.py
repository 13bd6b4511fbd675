"""What leaves the system neither in a webhook nor in a view for reports.

The one list: personal contact data, free texts in which anything may stand, accounts of
banks, secrets. A column or field is let out when it is named in a list of what goes
out *and* is not found here.
"""

import re

# Of any model, by the name of the field.
NAMES = re.compile(
    r"(^|_)(email|phone|mobile|fax|street\d?|zip|address|vat|iban|acc_number|bank"
    r"|comment|note|notes|description|summary|body|text|preferences|needs|birthdate"
    r"|barcode|password|secret|token|key|signature|latitude|longitude|website"
    r"|contact_address|answer|remark|reason_text|next_step)(_|$)",
    re.IGNORECASE,
)
# Beyond the names: fields by model.
FIELDS = {
    "res.partner": {
        "function",
        "ref_company_ids",
        "image_1920",
        "bank_ids",
        "title",
        "crm_suite_block_keys",
    },
    "crm.suite.call": {"contact_id", "next_step", "summary"},
    "crm.suite.approval.event": {"address", "comment", "changes"},
    "crm.suite.pool.move": {"reason", "why"},
    "crm.suite.assignment.log": {"why", "answer"},
    "crm.suite.lifecycle.transition": {"why"},
    "crm.suite.segment.member": {"reason", "left_reason"},
}


def is_sensitive(model, name):
    """Whether a field may not leave the system.

    :param str model: name of the model
    :param str name: name of the field
    :rtype: bool
    """
    return bool(NAMES.search(name)) or name in FIELDS.get(model, ())
