import { readFileSync } from 'node:fs';
import { CreateSecretCommand } from '@aws-sdk/client-secrets-manager';
import { z } from 'zod';
import { newPassword } from '../../local-stack/deployment/demo-secrets.ts';
import type { Undo } from '../../local-stack/deployment/index.ts';
import { makeRunDirectory } from '../../local-stack/deployment/run-directory.ts';
import { startStandIns } from '../../local-stack/deployment/stand-ins.ts';
import type { EngineVersion } from '../../local-stack/document-db/index.ts';
import { ensurePython } from '../../local-stack/python/index.ts';
import { clientsHere } from '../clients.ts';

/** What stands in for an account with a cluster, so that another process can use it. There is no password in it. */
const LocalGround = z.strictObject({
  region: z.string(),
  aws: z.string(),
  secretsManager: z.string(),
  documentDbApi: z.string(),
  host: z.string(),
  port: z.number(),
  caFile: z.string(),
  adminSecretArn: z.string(),
  /** Where things are written. */
  directory: z.string(),
});

export type LocalGround = z.infer<typeof LocalGround>;

export const readLocalGround = (file: string): LocalGround =>
  LocalGround.parse(JSON.parse(readFileSync(file, 'utf8')));

/** Starts the stand-ins with an empty account, a cluster of two instances, and the secret of its primary user. */
export const startLocalGround = async (
  engineVersion: EngineVersion,
  undo: Undo,
  tell: (what: string) => void,
): Promise<LocalGround> => {
  const region = 'eu-central-1';
  const primaryUser = { username: 'dbadmin', password: newPassword() };
  const run = makeRunDirectory();
  undo.add(() => run.remove());
  const { python } = await ensurePython({ onProgress: tell });
  const standIns = await startStandIns(
    { instances: 2, engineVersion },
    { python, region, directory: run.path, primaryUser },
    undo,
  );
  const { documentDb } = standIns;
  const endpoints = {
    aws: standIns.ministack.url,
    secretsManager: standIns.secretsManager.url,
    documentDbApi: standIns.documentDbApi.url,
  };
  const { ARN: adminSecretArn = '' } = await clientsHere(region, endpoints).secretsManager.send(
    new CreateSecretCommand({
      Name: 'local/admin',
      SecretString: JSON.stringify(secretValue(documentDb, primaryUser)),
    }),
  );
  const { host, port, caFile } = documentDb;
  return { region, ...endpoints, host, port, caFile, adminSecretArn, directory: run.path };
};

export const secretValue = (
  { host, port }: { readonly host: string; readonly port: number },
  user: { readonly username: string; readonly password: string },
) => ({ engine: 'mongo', host, port, ...user, ssl: true, dbClusterIdentifier: 'local' });
