# For results that are cited: nothing is deleted by accident; docs/operating/cost.md has the minutes.
environment         = "prod"
owner               = "faculty-research"
cost_center         = "research"
force_destroy       = false
deletion_protection = true
map_max_vcpus       = 64
log_days            = 365
old_version_days    = 90
monthly_budget_usd  = 200

# Needed, and yours: who hears of failed runs and of the bill.
# alert_emails = ["you@example.org"]
# region       = "us-east-1"
