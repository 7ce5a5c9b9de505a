import { setTimeout as sleep } from 'node:timers/promises';
import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { z } from 'zod';
import { BEHAVIOUR_TAG, NOTES_TAG, type Note, Notes } from './notes.ts';

/** What Secrets Manager calls a rotation function with. */
const Event = z.looseObject({
  Step: z.string(),
  SecretId: z.string(),
  ClientRequestToken: z.string(),
  RotationToken: z.string().optional(),
});

const secrets = new SecretsManagerClient({});

/**
 * A rotation function that rotates nothing: it tells how Secrets Manager calls one. The value stays the same text, so
 * that there is no password in it.
 */
export const handler = async (raw: unknown): Promise<void> => {
  const event = Event.parse(raw);
  const { SecretId } = event;
  const { Tags = [], VersionIdsToStages = {} } = await secrets.send(new DescribeSecretCommand({ SecretId }));
  const tag = (key: string) => Tags.find(({ Key }) => Key === key)?.Value;
  const notes = tag(NOTES_TAG) ?? '';
  const [failing, seconds = '0'] = (tag(BEHAVIOUR_TAG) ?? '').split(':');
  const note = { step: event.Step, token: event.ClientRequestToken, at: Date.now() };
  await write(notes, { ...note, ended: false });
  if (failing === event.Step) {
    await sleep(Number(seconds) * 1000);
    if (seconds === '0') throw new Error(`${event.Step} fails, as it was told to`);
  }
  if (event.Step === 'createSecret') await putPending(event, failing !== 'no-rotation-token');
  if (event.Step === 'finishSecret') await promote(event, VersionIdsToStages);
  await write(notes, { ...note, at: Date.now(), ended: true });
};

const putPending = async (event: z.infer<typeof Event>, withToken: boolean): Promise<void> => {
  const { SecretString } = await secrets.send(new GetSecretValueCommand({ SecretId: event.SecretId }));
  await secrets.send(
    new PutSecretValueCommand({
      SecretId: event.SecretId,
      ClientRequestToken: event.ClientRequestToken,
      SecretString,
      VersionStages: ['AWSPENDING'],
      ...(withToken && event.RotationToken !== undefined ? { RotationToken: event.RotationToken } : {}),
    }),
  );
};

const promote = async (
  { SecretId, ClientRequestToken }: z.infer<typeof Event>,
  labels: Record<string, string[]>,
): Promise<void> => {
  const [current] = Object.entries(labels).find(([, names]) => names.includes('AWSCURRENT')) ?? [];
  if (current === ClientRequestToken) return;
  await secrets.send(
    new UpdateSecretVersionStageCommand({
      SecretId,
      VersionStage: 'AWSCURRENT',
      MoveToVersionId: ClientRequestToken,
      RemoveFromVersionId: current,
    }),
  );
};

/** Secrets Manager calls one step of a secret after the other: no one else writes the notes meanwhile. */
const write = async (SecretId: string, note: Note): Promise<void> => {
  const { SecretString = '[]' } = await secrets.send(new GetSecretValueCommand({ SecretId }));
  const notes = [...Notes.parse(JSON.parse(SecretString)), note];
  await secrets.send(new PutSecretValueCommand({ SecretId, SecretString: JSON.stringify(notes) }));
};
