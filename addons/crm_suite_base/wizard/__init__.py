from . import (
    access_refuse,
    export_wizard,
    operation_undo,
    override,
    partner_merge_figures,
    reassign,
    segment_add,
    simulation,
)
