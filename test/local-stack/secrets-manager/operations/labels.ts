import { z } from 'zod';
import type { Secret, SecretVersion } from '../secret.ts';
import { invalidParameter, notFound } from '../service-error.ts';
import { assertRoomFor, attachLabel, CURRENT, holderOf, type LabelBehaviour } from '../version-labels.ts';
import { operation } from './operation.ts';
import * as parameter from './parameters.ts';
import { identity } from './secret-details.ts';

const UpdateSecretVersionStageInput = z.object({
  SecretId: parameter.SecretId,
  VersionStage: parameter.StagingLabel,
  MoveToVersionId: parameter.VersionId.optional(),
  RemoveFromVersionId: parameter.VersionId.optional(),
});

/**
 * Moves a label by compare-and-set.
 *
 * https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_UpdateSecretVersionStage.html
 */
export const updateSecretVersionStage = operation(UpdateSecretVersionStageInput, (context, input) => {
  const { store, now, labels: behaviour } = context;
  const secret = store.getWritable(input.SecretId);
  const { VersionStage: label, MoveToVersionId, RemoveFromVersionId } = input;
  if (!MoveToVersionId && !RemoveFromVersionId) {
    throw invalidParameter('You must provide MoveToVersionId, RemoveFromVersionId or both.');
  }
  const target = MoveToVersionId ? versionOf(secret, MoveToVersionId) : undefined;
  const from = RemoveFromVersionId ? versionOf(secret, RemoveFromVersionId) : undefined;
  assertHolder(secret, label, target, from, behaviour());
  if (target) {
    assertRoomFor(secret, [label]);
    attachLabel(secret, target, label);
  } else {
    from?.labels.delete(label);
  }
  secret.lastChangedDate = now();
  return identity(secret);
});

const versionOf = (secret: Secret, versionId: string): SecretVersion => {
  const version = secret.versions.get(versionId);
  if (!version) throw notFound(`Secrets Manager can't find the specified secret version: ${versionId}`);
  return version;
};

/** RemoveFromVersionId must name the version that holds the label, and must be there if another one does. */
const assertHolder = (
  secret: Secret,
  label: string,
  target: SecretVersion | undefined,
  from: SecretVersion | undefined,
  { removeFromNobody = 'refuse', moveToHolder = 'accept' }: LabelBehaviour,
): void => {
  const holder = holderOf(secret, label);
  if (!target && label === CURRENT) {
    throw invalidParameter(
      `You can only move staging label ${CURRENT} to a different secret version. It can't be completely removed.`,
    );
  }
  if (from && from !== holder && (holder || removeFromNobody === 'refuse')) {
    throw invalidParameter(
      `When you move staging label ${label}, if you specify RemoveFromVersionId, it must be set to the version that currently has the staging label.`,
    );
  }
  if (target && target === holder && moveToHolder === 'refuse') {
    throw invalidParameter(`Staging label ${label} is currently attached to version ${holder.id} already.`);
  }
  if (!from && holder && holder !== target) {
    throw invalidParameter(
      `The parameter RemoveFromVersionId can't be empty. Staging label ${label} is currently attached to version ${holder.id}, so you must explicitly reference that version in RemoveFromVersionId.`,
    );
  }
};
