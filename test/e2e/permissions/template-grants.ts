import { z } from 'zod';

const many = <T extends z.ZodType>(one: T) => z.union([z.array(one), one.transform((value) => [value])]);

const Statement = z.object({
  Effect: z.enum(['Allow', 'Deny']),
  Action: many(z.string()),
  Resource: many(z.unknown()).optional(),
  Principal: z.unknown().optional(),
  Condition: z.unknown().optional(),
});
type Statement = z.infer<typeof Statement>;

const Document = z.object({ Statement: many(Statement) });

const Resource = z.object({ Type: z.string(), Properties: z.record(z.string(), z.unknown()).default({}) });

/** A CloudFormation template, as far as permissions go. */
export const PermissionsTemplate = z.object({ Resources: z.record(z.string(), Resource) });
export type PermissionsTemplate = z.infer<typeof PermissionsTemplate>;

const Reference = z.object({ Ref: z.string() });
const Policy = z.object({ PolicyDocument: Document, Roles: z.array(Reference) });
const Role = z.object({
  AssumeRolePolicyDocument: Document,
  Policies: z.array(z.object({ PolicyDocument: Document })).default([]),
  ManagedPolicyArns: z.array(z.unknown()).default([]),
});
const Permission = z.object({
  Action: z.string(),
  FunctionName: z.unknown(),
  Principal: z.unknown(),
  SourceAccount: z.unknown().optional(),
  SourceArn: z.unknown().optional(),
});
const TopicPolicy = z.object({ PolicyDocument: Document });

/**
 * Everything that a template permits or denies, one line for each action and resource, sorted:
 * what roles may do, who may be them, and who may call functions and topics.
 */
export const grantsOf = (template: PermissionsTemplate): string[] =>
  Object.entries(template.Resources)
    .flatMap(([id, { Type, Properties }]) => grantsOfResource(plain(id), Type, Properties))
    .sort();

const grantsOfResource = (id: string, type: string, properties: unknown): string[] => {
  switch (type) {
    case 'AWS::IAM::Policy': {
      const { PolicyDocument, Roles } = Policy.parse(properties);
      return Roles.flatMap(({ Ref }) => linesOf(plain(Ref), PolicyDocument.Statement));
    }
    case 'AWS::IAM::Role': {
      const { AssumeRolePolicyDocument, Policies, ManagedPolicyArns } = Role.parse(properties);
      return [
        ...linesOf(`to be ${id}`, AssumeRolePolicyDocument.Statement),
        ...Policies.flatMap(({ PolicyDocument }) => linesOf(id, PolicyDocument.Statement)),
        ...ManagedPolicyArns.map((arn) => `${id}: whatever ${text(arn)} says`),
      ];
    }
    case 'AWS::Lambda::Permission': {
      const { Action, FunctionName, Principal, ...only } = Permission.parse(properties);
      return [`to call: Allow ${text(Principal)} ${Action} on ${text(FunctionName)} if ${text(only)}`];
    }
    case 'AWS::SNS::TopicPolicy':
      return linesOf('to publish', TopicPolicy.parse(properties).PolicyDocument.Statement);
    // These give permissions too. One that is new has to be known here, before it is let through.
    case 'AWS::IAM::ManagedPolicy':
    case 'AWS::IAM::RolePolicy':
    case 'AWS::SecretsManager::ResourcePolicy':
    case 'AWS::Lambda::Url':
    case 'AWS::Events::EventBusPolicy':
      return [`${id}: whatever this ${type} says`];
    default:
      return [];
  }
};

const linesOf = (whose: string, statements: readonly Statement[]): string[] =>
  statements.flatMap(({ Effect, Action, Resource = [], Principal, Condition }) =>
    Action.flatMap((action) =>
      (Resource.length > 0 ? Resource : ['']).map((resource) =>
        [
          `${whose}: ${Effect}`,
          Principal === undefined ? '' : text(Principal),
          action,
          resource === '' ? '' : `on ${text(resource)}`,
          Condition === undefined ? '' : `if ${text(Condition)}`,
        ]
          .filter(Boolean)
          .join(' '),
      ),
    ),
  );

/** A value as readers want to see it: intrinsic functions by their names, logical ids without CDK's digest. */
export const text = (value: unknown): string =>
  typeof value === 'string' ? value : plain(JSON.stringify(value).replaceAll('"', ''));

const plain = (id: string): string => id.replaceAll(/(?<=[a-z]\d?)[0-9A-F]{8}\b/g, '');
