/** What functions call of Secrets Manager. */
export const OPERATIONS = [
  'DescribeSecret',
  'GetSecretValue',
  'ListSecretVersionIds',
  'PutSecretValue',
  'UpdateSecretVersionStage',
  'TagResource',
  'GetRandomPassword',
];
