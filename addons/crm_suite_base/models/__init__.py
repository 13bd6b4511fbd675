from . import (
    call,
    lifecycle_stage,
    relation,
    relation_type,
    res_partner,
    res_partner_normalize,
)
