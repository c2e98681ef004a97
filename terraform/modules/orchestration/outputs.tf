output "state_machine_arn" {
  description = "What starts runs."
  value       = aws_sfn_state_machine.pipeline.arn
}

output "alerts_topic_arn" {
  description = "What tells of runs that did not end well."
  value       = aws_sns_topic.alerts.arn
}

output "definition" {
  description = "The state machine's definition, as it is used."
  value       = aws_sfn_state_machine.pipeline.definition
}
