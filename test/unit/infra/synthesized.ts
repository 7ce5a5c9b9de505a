import { App, Stack } from 'aws-cdk-lib';
import { Match, type Template } from 'aws-cdk-lib/assertions';
import { type ISecret, Secret, type SecretProps } from 'aws-cdk-lib/aws-secretsmanager';
import { z } from 'zod';

export const ACCOUNT = '111122223333';
export const REGION = 'eu-central-1';

const OneOrMany = z.union([z.string(), z.array(z.unknown())]);
const Statement = z.object({
  Effect: z.string(),
  Action: OneOrMany,
  Resource: z.unknown(),
  Condition: z.unknown().optional(),
});
export type Statement = z.infer<typeof Statement>;

/** Assets stay where they are: no one looks at copies of them. */
export const makeStack = (): Stack => {
  const app = new App({ context: { 'aws:cdk:disable-asset-staging': true } });
  return new Stack(app, 'Test', { env: { account: ACCOUNT, region: REGION } });
};

/** CDK's classes do not fit CDK's interfaces under `exactOptionalPropertyTypes`. */
export const newSecret = (stack: Stack, id: string, props?: SecretProps): ISecret =>
  new Secret(stack, id, props) as ISecret;

/** What a function may do, apart from logging, tracing and joining the network: one entry for each action and resource. */
export const grantsOf = (template: Template, step: string): string[] => {
  const statements = statementsOf(template, step);
  return statements
    .flatMap(actionsOn)
    .filter((grant) => !/^(Allow logs|Allow xray|(Allow|Deny) ec2):/.test(grant))
    .sort();
};

export const statementsOf = (template: Template, step: string): Statement[] => {
  const policies = template.findResources('AWS::IAM::Policy', {
    Properties: {
      Roles: [{ Ref: Match.stringLikeRegexp(`(Functions|OutcomeReporter|CredentialCheck)${step}Role`) }],
    },
  });
  return Object.values(policies).flatMap((policy) =>
    z.array(Statement).parse(policy.Properties.PolicyDocument.Statement),
  );
};

const actionsOn = ({ Effect, Action, Resource, Condition }: Statement): string[] => {
  const condition = Condition ? ` if ${JSON.stringify(Condition)}` : '';
  return many(Action).flatMap((action) =>
    many(Resource).map((resource) => `${Effect} ${action} on ${nameOf(resource)}${condition}`),
  );
};

const many = (value: unknown): unknown[] => (Array.isArray(value) ? value : [value]);

/** A resource by its logical id or its text, which is all that a reader wants to see of an intrinsic function. */
const nameOf = (resource: unknown): string =>
  typeof resource === 'string'
    ? resource
    : JSON.stringify(resource)
        .replaceAll('"', '')
        .replaceAll(/(?<=[a-z])[0-9A-F]{8}\b/g, '');
