import { Stack, Token } from 'aws-cdk-lib';
import { CfnSecretTargetAttachment, type ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { IConstruct } from 'constructs';
import { secretResource } from './secret-tags.ts';

/** All that a template may call a secret by: itself, its attachments to clusters, and its name where that is known. */
export const idsOf = (secret: ISecret): string[] => {
  const scope = secretResource(secret)?.node.scope;
  const attachments = scope?.node.findAll().filter((each) => each instanceof CfnSecretTargetAttachment) ?? [];
  const own = scope ? [(scope as IConstruct & ISecret).secretArn] : [];
  const name = Token.isUnresolved(secret.secretName) ? [] : [secret.secretName];
  return [...new Set([secret.secretArn, ...own, ...attachments.map(({ ref }) => ref), ...name])];
};

/**
 * What makes a secret the same one in an app. An imported secret is known by its name within its account and Region, or within
 * the stack where these are not known: the same name in two stages of an app is two secrets.
 */
export const identityOf = (secret: ISecret): unknown => {
  const resource = secretResource(secret);
  if (resource) return resource;
  if (Token.isUnresolved(secret.secretName)) return secret.secretArn;
  const stack = Stack.of(secret);
  const { account, region } = secret.env;
  const place = Token.isUnresolved([account, region]) ? stack.node.path : `${account}/${region}`;
  return `${place}/${secret.secretName}`;
};
