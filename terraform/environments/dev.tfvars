# For trying things: everything can be thrown away, and the ceilings are low; docs/operating/cost.md has the minutes.
environment         = "dev"
owner               = "faculty-research"
cost_center         = "research-dev"
force_destroy       = true
deletion_protection = false
map_max_vcpus       = 16
log_days            = 14
old_version_days    = 7
monthly_budget_usd  = 50

# Needed, and yours: who hears of failed runs and of the bill.
# alert_emails = ["you@example.org"]
# region       = "us-east-1"
