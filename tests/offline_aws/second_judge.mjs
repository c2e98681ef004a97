// What IAM says of requests, by @cloud-copilot/iam-simulate: second_judge.py writes them to the standard input.
// In: {identity: {ROLE: POLICY}, bucket: POLICY, requests: [{role, action, resource, context}]}. Out: a list of answers.
import { readFileSync } from 'node:fs'
import { runSimulation } from '@cloud-copilot/iam-simulate'

const ACCOUNT = '123456789012'
const given = JSON.parse(readFileSync(0, 'utf8'))
const answers = []
for (const { role, action, resource, context } of given.requests) {
  const ofTheBucket = resource.startsWith('arn:aws:s3:::') && given.bucket
  const simulated = await runSimulation(
    {
      request: {
        principal: `arn:aws:iam::${ACCOUNT}:role/${role}`,
        action,
        resource: { resource, accountId: ACCOUNT },
        contextVariables: context,
      },
      identityPolicies: [{ name: role, policy: given.identity[role] }],
      serviceControlPolicies: [],
      resourceControlPolicies: [],
      resourcePolicy: ofTheBucket ? given.bucket : undefined,
    },
    {},
  )
  answers.push(simulated.resultType === 'error' ? simulated.errors : simulated.overallResult)
}
console.log(JSON.stringify(answers))
