from . import (
    demo_builder,
    demo_customers,
    demo_data_work,
    demo_deals,
    demo_decisions,
    demo_pools,
    demo_sales,
    demo_segments,
    demo_talk,
    demo_web_leads,
    demo_webhooks,
)

# isort: split
from . import demo_automation
