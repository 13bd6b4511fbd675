from . import (
    access_ask,
    access_refuse,
    assignment_simulation,
    export_wizard,
    handover,
    operation_undo,
    override,
    partner_merge_figures,
    partner_merge_own,
    reassign,
    segment_add,
    simulation,
)
