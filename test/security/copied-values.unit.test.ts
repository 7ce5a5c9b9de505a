import { describe, expect, it } from 'vitest';
import { CLUSTER } from '../support/in-memory-database.ts';
import { newVersionId } from '../support/in-memory-secret-store.ts';
import { PortCalls } from '../support/port-calls.ts';
import { executionArn, RotationMachine } from '../support/rotation-machine.ts';
import { begunByService } from '../support/rotation-steps.ts';
import { SECRET } from '../support/rotation-world.ts';
import { Arena, EVIL_HOST } from './power/arena.ts';
import { WORLDS } from './power/worlds.ts';

const arenaOf = (name: string, ...rights: ConstructorParameters<typeof Arena>[0]) =>
  new Arena(rights, WORLDS[name] as NonNullable<(typeof WORLDS)[string]>);

/** A value that does not log in, made up wholly by the writer: its connection string leads to their host. */
const lure = (arena: Arena, hosts: string, username = arena.user) => {
  const { password } = arena.mine(username);
  return {
    username,
    password,
    uri: `mongodb://${username}:${password}@${hosts}/?authMechanism=PLAIN&authSource=%24external`,
    readHost: EVIL_HOST,
  };
};

/** What an application that connects by `uri` sends, and whether that is a login. */
const sentBy = (arena: Arena, label = 'AWSCURRENT') => {
  const { store, database } = arena.world;
  const value = JSON.parse(store.valueOf(SECRET, store.holder(SECRET, label) ?? '') ?? '{}');
  const [, username = '', password = '', hosts = ''] =
    /^mongodb:\/\/([^:]+):([^@]+)@([^/]+)/.exec(String(value.uri)) ?? [];
  const credential = { username: decodeURIComponent(username), password: decodeURIComponent(password) };
  return { toEvil: hosts.includes(EVIL_HOST), works: database.accepts(credential), readHost: value.readHost };
};

/*
 * Who may write the secret without reading it makes up a value that does not log in. What else it says must never stand beside a
 * password that does: applications would send that to the writer's host.
 */
describe('a connection string of the writer’s own, in a value that never logged in', () => {
  for (const name of Object.keys(WORLDS))
    for (const hosts of [EVIL_HOST, `${CLUSTER}:27017,${EVIL_HOST}`])
      for (const how of ['rotate', 'scheduled'] as const)
        it(`${name}: ${how}, ${hosts}`, async () => {
          const arena = arenaOf(name, 'write');
          arena.write(lure(arena, hosts));
          await arena.honest[how]();
          const sent = sentBy(arena);
          expect(sent.works && sent.toEvil).toBe(false);
          expect(sent.works && sent.readHost === EVIL_HOST).toBe(false);
        });
});

const run = (arena: Arena, execution: string, input: object) =>
  new RotationMachine(arena.world, { calls: new PortCalls() }).run(execution, { secretId: SECRET, ...input });

describe('the same lure, a scheduled rotation that is refused, an operator who mends AWSCURRENT, and the retry of Secrets Manager', () => {
  for (const name of Object.keys(WORLDS))
    for (const mends of ['moves the label back', 'writes the right value', 'recovery'])
      it(`${name}: ${mends}`, async () => {
        const arena = arenaOf(name, 'write');
        const { store, current } = arena.world;
        const good = store.valueOf(SECRET, arena.world.current) ?? '';
        arena.write(lure(arena, EVIL_HOST));
        const rotation = arena.world.beginRotation();
        const ended: (string | undefined)[] = [];
        try {
          const token = await begunByService(arena.world, executionArn('by-service-1'), rotation);
          ended.push((await run(arena, executionArn('by-service-1'), { token })).error);
          if (mends === 'recovery') await arena.honest.recover();
          else if (mends === 'moves the label back')
            store.move(SECRET, 'AWSCURRENT', { from: store.holder(SECRET, 'AWSCURRENT') ?? '', to: current });
          else store.putWithId(SECRET, newVersionId(), good, ['AWSCURRENT']);
          await begunByService(arena.world, executionArn('by-service-2'), rotation);
          const again = await run(arena, executionArn('by-service-2'), { token });
          ended.push(again.status, again.error);
        } catch (error) {
          ended.push((error as Error).name);
        }
        const sent = sentBy(arena);
        expect(sent.works && sent.readHost === EVIL_HOST).toBe(false);
      });
});

describe('twenty labels, at any moment', () => {
  for (const name of Object.keys(WORLDS))
    for (const mode of ['rotate', 'revert'])
      it(`${name}: ${mode}`, async () => {
        const seen = new Map<string, number>();
        const bad: string[] = [];
        for (let moment = 1; moment <= 45; moment++) {
          const arena = arenaOf(name, 'write');
          const fill = () => {
            for (let count = 0; count < 25; count++) {
              try {
                arena.write(arena.mine(), `mine-${count}`);
              } catch {
                // The quota of labels.
              }
            }
          };
          const ending = await arena.honest.rotate(moment, fill, mode);
          const what = `${ending.status} ${ending.error} ${arena.world.logsIn(arena.current())}`;
          seen.set(what, (seen.get(what) ?? 0) + 1);
          const told = ['RollbackFailed', 'RotationSupersededError', 'RecoveryFailed'].includes(
            ending.error ?? '',
          );
          if (!arena.world.logsIn(arena.current()) && !told) bad.push(`${moment} ${what}`);
          const more = arena.gained().filter((want) => want !== 'outage');
          if (more.length > 0) bad.push(`${moment} gained ${more.join()}`);
        }
        expect(bad).toEqual([]);
      });
});
