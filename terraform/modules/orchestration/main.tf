# What starts runs, says how they ended, and keeps an eye on the bill.

# The history of every state, beside the one that the console shows for 90 days.
resource "aws_cloudwatch_log_group" "states" {
  #checkov:skip=CKV_AWS_158:AWS's own key encrypts it; a key of ours costs $1 a month and would be given to the same roles
  #checkov:skip=CKV_AWS_338:log_days says how long; prod keeps a year
  # This prefix spares one resource policy a log group, of which an account has ten.
  name              = "/aws/vendedlogs/states/${var.name}"
  retention_in_days = var.log_days
}

# A person who started ten quarters in the evening learns here which of them are missing firms.
resource "aws_sns_topic" "alerts" {
  name              = "${var.name}-alerts"
  kms_master_key_id = "alias/aws/sns" # free; only roles of this account publish here
}

# Each address has to confirm the first mail.
resource "aws_sns_topic_subscription" "alerts" {
  for_each  = var.alert_emails
  topic_arn = aws_sns_topic.alerts.arn
  protocol  = "email"
  endpoint  = each.value
}

# One execution is one quarter or ten; the definition explains itself in pipeline.asl.json.
resource "aws_sfn_state_machine" "pipeline" {
  name     = "${var.name}-pipeline"
  role_arn = aws_iam_role.states.arn
  type     = "STANDARD" # an execution lasts hours, and its name can be given once
  definition = templatefile("${path.module}/pipeline.asl.json", {
    name                = var.name
    partition           = var.partition
    head_queue          = var.head_queue_arn
    head_job_definition = var.head_job_definition_arn
    bucket              = var.bucket
    results_prefix      = var.results_prefix
    topic               = aws_sns_topic.alerts.arn
  })

  logging_configuration {
    level                  = "ALL"
    include_execution_data = true # names of runs and firms, never what was said
    log_destination        = "${aws_cloudwatch_log_group.states.arn}:*"
  }
  tracing_configuration {
    enabled = true
  }
  depends_on = [aws_iam_role_policy.states] # the role is tried when the machine is made
}

# Off until someone turns it on: a forgotten schedule is how idle clouds cost money.
resource "aws_scheduler_schedule" "pipeline" {
  #checkov:skip=CKV_AWS_297:its input names runs and sources, nothing secret; AWS's own key encrypts it
  name                = "${var.name}-pipeline"
  description         = "Starts the runs of schedule_input"
  state               = var.schedule_enabled ? "ENABLED" : "DISABLED"
  schedule_expression = var.schedule_expression

  flexible_time_window {
    mode = "OFF"
  }
  target {
    arn      = aws_sfn_state_machine.pipeline.arn
    role_arn = aws_iam_role.scheduler.arn
    input    = var.schedule_input
    retry_policy {
      maximum_event_age_in_seconds = 3600
      maximum_retry_attempts       = 3
    }
  }
}

# Counts what carries the Project tag, once that tag is activated in the billing console (see docs/terraform.md).
resource "aws_budgets_budget" "monthly" {
  name         = "${var.name}-monthly"
  budget_type  = "COST"
  limit_amount = tostring(var.monthly_budget_usd)
  limit_unit   = "USD"
  time_unit    = "MONTHLY"

  cost_filter {
    name   = "TagKeyValue"
    values = [format("user:Project$%s", var.project)] # "$${" would be HCL's way to write "${" itself
  }
  # Straight by mail: the topic is encrypted with a key that the budget service may not use.
  dynamic "notification" {
    for_each = length(var.alert_emails) > 0 ? { ACTUAL = 80, FORECASTED = 100 } : {}
    content {
      notification_type          = notification.key
      comparison_operator        = "GREATER_THAN"
      threshold                  = notification.value
      threshold_type             = "PERCENTAGE"
      subscriber_email_addresses = var.alert_emails
    }
  }
}
