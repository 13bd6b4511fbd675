from . import (
    base,
    call,
    lifecycle_stage,
    operation,
    operation_change,
    operation_reference,
    operation_shape,
    relation,
    relation_type,
    res_partner,
    res_partner_normalize,
)
