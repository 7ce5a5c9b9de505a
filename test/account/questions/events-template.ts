const DEFINITION = {
  QueryLanguage: 'JSONata',
  StartAt: 'Choose',
  States: {
    Choose: {
      Type: 'Choice',
      Choices: [{ Condition: '{% $states.input.fail %}', Next: 'Broken' }],
      Default: 'Done',
    },
    Broken: { Type: 'Fail', Error: 'KitError', Cause: 'it was told to fail' },
    Done: { Type: 'Succeed', Output: { told: 'an output' } },
  },
};

const getAtt = (resource: string, attribute = 'Arn') => ({ 'Fn::GetAtt': [resource, attribute] });

/** Who may do in the account what its policies say. */
const ACCOUNT = {
  'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, ':iam::', { Ref: 'AWS::AccountId' }, ':root']],
};

const assumedBy = (Service: string) => ({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { Service }, Action: 'sts:AssumeRole' }],
});

/**
 * A state machine under a key of its own, and a queue to which its events go. The key is the one thing that AWS keeps, at no cost, for
 * the seven days in which its deletion can be taken back: https://docs.aws.amazon.com/kms/latest/developerguide/deleting-keys.html
 */
export const EVENTS_TEMPLATE = {
  Resources: {
    Key: {
      Type: 'AWS::KMS::Key',
      Properties: {
        PendingWindowInDays: 7,
        KeyPolicy: {
          Version: '2012-10-17',
          Statement: [
            {
              Effect: 'Allow',
              Principal: { AWS: ACCOUNT },
              Action: 'kms:*',
              Resource: '*',
            },
          ],
        },
      },
    },
    Role: {
      Type: 'AWS::IAM::Role',
      Properties: {
        AssumeRolePolicyDocument: assumedBy('states.amazonaws.com'),
        Policies: [
          {
            PolicyName: 'key',
            PolicyDocument: {
              Version: '2012-10-17',
              Statement: [
                {
                  Effect: 'Allow',
                  Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
                  Resource: getAtt('Key'),
                },
              ],
            },
          },
        ],
      },
    },
    Machine: {
      Type: 'AWS::StepFunctions::StateMachine',
      Properties: {
        RoleArn: getAtt('Role'),
        DefinitionString: JSON.stringify(DEFINITION),
        EncryptionConfiguration: {
          Type: 'CUSTOMER_MANAGED_KMS_KEY',
          KmsKeyId: getAtt('Key'),
          KmsDataKeyReusePeriodSeconds: 300,
        },
      },
    },
    Queue: { Type: 'AWS::SQS::Queue' },
    QueuePolicy: {
      Type: 'AWS::SQS::QueuePolicy',
      Properties: {
        Queues: [{ Ref: 'Queue' }],
        PolicyDocument: {
          Version: '2012-10-17',
          Statement: [
            {
              Effect: 'Allow',
              Principal: { Service: 'events.amazonaws.com' },
              Action: 'sqs:SendMessage',
              Resource: getAtt('Queue'),
            },
          ],
        },
      },
    },
    Rule: {
      Type: 'AWS::Events::Rule',
      Properties: {
        EventPattern: {
          source: ['aws.states'],
          'detail-type': ['Step Functions Execution Status Change'],
          detail: { stateMachineArn: [{ Ref: 'Machine' }] },
        },
        Targets: [{ Id: 'queue', Arn: getAtt('Queue') }],
      },
    },
  },
  Outputs: {
    StateMachineArn: { Value: { Ref: 'Machine' } },
    QueueUrl: { Value: { Ref: 'Queue' } },
  },
};
