import { readFileSync } from 'node:fs';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { clientConfig } from '../local-stack/deployment/client-config.ts';
import type { FloorAnswer, FloorRequest } from './floor-contract.ts';
import { FloorRotation } from './floor-rotation.ts';

/** The process that makes the floor's rotations, one after the other: it is warm from the second one on. */
const { SECRETS_MANAGER_URL = '', REGION = '', CA_FILE = '' } = process.env;
const secrets = new SecretsManagerClient(clientConfig(SECRETS_MANAGER_URL, REGION));
const certificate = readFileSync(CA_FILE, 'utf8');

const answer = async (request: FloorRequest): Promise<FloorAnswer> => {
  const began = performance.now();
  try {
    const counts = await new FloorRotation(secrets, certificate, request).run();
    return { seconds: (performance.now() - began) / 1000, counts };
  } catch (error) {
    return { error: error instanceof Error ? error.name : String(error) };
  }
};

process.on('message', async (request: FloorRequest) => {
  process.send?.(await answer(request));
});
