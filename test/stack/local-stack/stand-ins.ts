import { join } from 'node:path';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { startDocumentDb } from '../document-db/index.ts';
import { ACCOUNT_ID, startMinistack } from '../ministack/ministack.ts';
import { startSecretsManager } from '../secrets-manager/index.ts';
import { clientConfig } from './client-config.ts';
import type { Credential } from './database-admin.ts';
import type { LocalStackOptions } from './options.ts';
import { invokeRotationFunction } from './rotation-function.ts';
import type { Undo } from './undo.ts';

/** What stands in for AWS. */
export type StandIns = Awaited<ReturnType<typeof startStandIns>>;

export interface StandInsPlace {
  readonly python: string;
  readonly region: string;
  /** Where they write. */
  readonly directory: string;
  readonly primaryUser: Credential;
}

/** Starts AWS, DocumentDB and Secrets Manager; the last one calls functions in the first. */
export const startStandIns = async (options: LocalStackOptions, place: StandInsPlace, undo: Undo) => {
  const [documentDb, ministack] = await undo.started([
    startDatabase(options, place),
    startAws(options, place),
  ]);
  const aws = clientConfig(ministack.url, place.region);
  const lambda = new LambdaClient(aws);
  const [secretsManager] = await undo.started([startSecrets(options, place.region, lambda)]);
  return { documentDb, ministack, secretsManager, lambda, aws };
};

const startDatabase = (options: LocalStackOptions, { python, directory, primaryUser }: StandInsPlace) =>
  startDocumentDb({
    python,
    directory: join(directory, 'document-db'),
    primaryUser: { name: primaryUser.username, password: primaryUser.password },
    ...(options.instances ? { instances: options.instances } : {}),
    ...(options.engineVersion ? { engineVersion: options.engineVersion } : {}),
    ...(options.ports?.documentDb ? { port: options.ports.documentDb } : {}),
  });

const startAws = (options: LocalStackOptions, { python, directory, region }: StandInsPlace) =>
  startMinistack({
    python,
    directory,
    region,
    ...(options.ports?.aws ? { port: options.ports.aws } : {}),
    ...(options.waitScale === undefined ? {} : { waitScale: options.waitScale }),
  });

const startSecrets = (options: LocalStackOptions, region: string, lambda: LambdaClient) =>
  startSecretsManager({
    ...options.rotationBehaviour,
    region,
    accountId: ACCOUNT_ID,
    invokeRotationFunction: (functionArn, event) => invokeRotationFunction(lambda, functionArn, event),
    ...(options.ports?.secretsManager ? { port: options.ports.secretsManager } : {}),
  });
