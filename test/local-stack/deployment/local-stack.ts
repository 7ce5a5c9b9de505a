import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { ensurePython } from '../python/index.ts';
import { bundleOnce } from './bundled.ts';
import { clientConfig } from './client-config.ts';
import { DemoSecrets, newPassword } from './demo-secrets.ts';
import { deployRotation } from './deploy-rotation.ts';
import { manageNewSecrets } from './manage-new-secrets.ts';
import type { LocalStackOptions, OnProgress } from './options.ts';
import { openPlainEndpoints } from './plain-endpoints.ts';
import { makeRunDirectory } from './run-directory.ts';
import { LocalStack } from './running-stack.ts';
import { startStandIns } from './stand-ins.ts';
import { Undo } from './undo.ts';

/**
 * Starts everything that a rotation needs, on loopback: AWS (ministack), Secrets Manager and DocumentDB
 * (stand-ins), and the project's own CDK app deployed to them. Nothing is left if it fails.
 *
 * @param undo learns how to stop what runs, for the one who can't wait for the start to end
 */
export const startLocalStack = async (
  options: LocalStackOptions = {},
  onProgress: OnProgress = () => {},
  undo: Undo = new Undo(),
): Promise<LocalStack> => {
  try {
    return await start(options, onProgress, undo);
  } catch (error) {
    // Why it did not start is worth more than what could not be stopped after that.
    await undo.all().catch(() => {});
    throw error;
  }
};

const start = async (options: LocalStackOptions, onProgress: OnProgress, undo: Undo): Promise<LocalStack> => {
  const region = options.region ?? 'eu-central-1';
  const primaryUser = { username: 'dbadmin', password: newPassword() };
  const run = makeRunDirectory();
  undo.add(() => run.remove());
  const stopping = new AbortController();
  undo.add(() => stopping.abort());

  onProgress('preparing Python with ministack and SecantusDB');
  const { python } = await ensurePython({ onProgress });

  onProgress('bundling the functions, starting AWS and DocumentDB');
  const place = { python, region, directory: run.path, primaryUser };
  const bundled = bundleOnce();
  // Its failure is told below: the stand-ins must be up before they can be stopped.
  bundled.catch(() => {});
  const standIns = await startStandIns(options, place, undo);
  await bundled;

  onProgress('making the demo secrets');
  const { documentDb } = standIns;
  const plainEndpoints = await openPlainEndpoints(documentDb);
  const secretsManager = new SecretsManagerClient(clientConfig(standIns.secretsManager.url, region));
  const operator = { username: 'stack_operator', password: newPassword() };
  await documentDb.admin.putUser(operator.username, operator.password, ['root']);
  const secrets = new DemoSecrets(
    secretsManager,
    documentDb,
    plainEndpoints.get(documentDb) ?? documentDb,
    operator,
  );
  const demo = await secrets.makeAll(primaryUser, options);

  onProgress('deploying the CDK app');
  const deployment = { region, directory: run.path, signal: stopping.signal };
  const deployed = await deployRotation(options, standIns, demo, deployment);
  const managedSecrets = manageNewSecrets(standIns, secretsManager, demo.appSecret);
  return new LocalStack({
    region,
    directory: run.path,
    standIns,
    deployed,
    secrets,
    demo,
    primaryUser,
    operator,
    plainEndpoints,
    secretsManager,
    managedSecrets,
    stop: () => undo.all(),
  });
};
