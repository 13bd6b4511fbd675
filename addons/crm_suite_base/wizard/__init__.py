from . import (
    access_refuse,
    export_wizard,
    operation_undo,
    override,
    partner_merge_figures,
    partner_merge_own,
    reassign,
    segment_add,
    simulation,
)
