import { join } from 'node:path';
import { IAMClient } from '@aws-sdk/client-iam';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { authorityOfProcess } from '../document-db/certificate-authority.ts';
import { type DocumentDbStandIn, startDocumentDb } from '../document-db/index.ts';
import { startDocumentDbApi } from '../document-db-api/index.ts';
import { AccessControl, RolePolicies } from '../iam/index.ts';
import { FunctionSessions } from '../ministack/function-sessions.ts';
import { ACCOUNT_ID, startMinistack } from '../ministack/ministack.ts';
import { startSecretsManager } from '../secrets-manager/index.ts';
import { clientConfig } from './client-config.ts';
import { codeDirectory } from './code-directory.ts';
import type { Credential } from './database-admin.ts';
import type { LocalStackOptions } from './options.ts';
import { invokeRotationFunction, lets } from './rotation-function.ts';
import type { Undo } from './undo.ts';

/** By what AWS knows the cluster. */
export const CLUSTER = 'local';

/** What stands in for AWS. */
export type StandIns = Awaited<ReturnType<typeof startStandIns>>;

export interface StandInsPlace {
  readonly python: string;
  readonly region: string;
  /** Where they write. */
  readonly directory: string;
  readonly primaryUser: Credential;
}

/** Starts AWS, DocumentDB, its API and Secrets Manager; the last one calls functions in the first. */
export const startStandIns = async (options: LocalStackOptions, place: StandInsPlace, undo: Undo) => {
  const [documentDb, ministack] = await undo.started([
    startDatabase(options, place),
    startAws(options, place),
  ]);
  const aws = clientConfig(ministack.url, place.region);
  const lambda = new LambdaClient(aws);
  const rolePolicies = new RolePolicies(new IAMClient(aws));
  const accessControl = accessControlOf(lambda, rolePolicies);
  const [secretsManager, documentDbApi] = await undo.started([
    startSecrets(options, place.region, lambda, accessControl),
    startClusterApi(documentDb, place),
  ]);
  return { documentDb, documentDbApi, ministack, secretsManager, rolePolicies, accessControl, lambda, aws };
};

const startDatabase = async (options: LocalStackOptions, { python, directory, primaryUser }: StandInsPlace) =>
  startDocumentDb({
    authority: await authorityOfProcess(),
    python,
    directory: join(directory, 'document-db'),
    primaryUser: { name: primaryUser.username, password: primaryUser.password },
    ...(options.instances ? { instances: options.instances } : {}),
    ...(options.engineVersion ? { engineVersion: options.engineVersion } : {}),
    ...(options.costs === 'real' ? { logins: 'mongodb' } : {}),
    ...(options.ports?.documentDb ? { port: options.ports.documentDb } : {}),
  });

const startClusterApi = (documentDb: DocumentDbStandIn, { primaryUser: { username } }: StandInsPlace) =>
  startDocumentDbApi({
    clusters: [
      {
        identifier: CLUSTER,
        endpoint: documentDb.host,
        port: documentDb.port,
        primaryUser: username,
        setPassword: (password) => documentDb.admin.putUser(username, password, ['root']),
      },
    ],
  });

const startAws = (options: LocalStackOptions, { python, directory, region }: StandInsPlace) =>
  startMinistack({
    python,
    directory,
    region,
    ...(options.costs === 'real' ? {} : { codeDirectory: codeDirectory() }),
    ...(options.ports?.aws ? { port: options.ports.aws } : {}),
    ...(options.waitScale === undefined ? {} : { waitScale: options.waitScale }),
    ...(options.keepNewest === undefined ? {} : { keepNewest: options.keepNewest }),
  });

/** ministack decides about its own services; this, by the same policies, about Secrets Manager. */
const accessControlOf = (lambda: LambdaClient, rolePolicies: RolePolicies): AccessControl => {
  const sessions = new FunctionSessions(lambda);
  return new AccessControl({
    principalOf: (accessKeyId) => sessions.principalOf(accessKeyId),
    policiesOf: (roleName) => rolePolicies.statementsOf(roleName),
  });
};

const startSecrets = (
  options: LocalStackOptions,
  region: string,
  lambda: LambdaClient,
  accessControl: AccessControl,
) =>
  startSecretsManager({
    ...options.rotationBehaviour,
    authorize: ({ accessKeyId }, action, resource, keys) =>
      accessControl.refusalOf(accessKeyId, action, resource, keys),
    region,
    accountId: ACCOUNT_ID,
    mayInvoke: (functionArn) => lets(lambda, functionArn, 'secretsmanager.amazonaws.com'),
    invokeRotationFunction: (functionArn, event) => invokeRotationFunction(lambda, functionArn, event),
    ...(options.ports?.secretsManager ? { port: options.ports.secretsManager } : {}),
  });
