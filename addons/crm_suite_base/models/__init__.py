from . import lifecycle_stage, res_partner
