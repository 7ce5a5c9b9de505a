import type { Group } from '../question.ts';
import { connect, newPassword, ownPassword, READ_WRITE, ROOT, run, user, withUser } from './steps.ts';
import { facts, mustWork, told } from './told.ts';

/** What a user is told of itself, and what may be done to whom. */
export const users: Group = {
  name: 'users',
  questions: [
    {
      id: 'engine',
      question: 'What do the server and its instances say of themselves?',
      ask: async ({ probe }) => {
        const outcomes = await probe([
          connect('admin', 'admin'),
          run('admin', { buildInfo: 1 }),
          run('admin', { hello: 1 }),
          run('admin', { isMaster: 1 }),
        ]);
        mustWork(outcomes, 0, 1, 3);
        const [, build, hello, isMaster] = outcomes;
        const version = build?.ok ? build.reply.version : undefined;
        const wire = isMaster?.ok ? isMaster.reply.maxWireVersion : undefined;
        return {
          seen: `version ${version}, wire version ${wire}; hello ${told(hello)}`,
          facts: { version, ...facts(['hello', 'isMaster'], [hello, isMaster]) },
        };
      },
    },
    {
      id: 'connection-status-as-plain-user',
      question: 'Does connectionStatus list the roles of a plain user, at the primary and at a reader?',
      ask: async ({ probe }) => {
        const status = { connectionStatus: 1 };
        const outcomes = await probe([
          ...withUser('plain'),
          { do: 'await-logins', as: 'plain', password: 'own', until: 'accepted', seconds: 30 },
          connect('primary', 'plain', { at: 0 }),
          run('primary', status),
          connect('reader', 'plain', { at: 1 }),
          run('reader', status),
        ]);
        mustWork(outcomes, 0, 1);
        const [, , , , primary, , reader] = outcomes;
        const roles = (outcome: typeof primary) =>
          outcome?.ok
            ? JSON.stringify((outcome.reply.authInfo as Record<string, unknown>)?.authenticatedUserRoles)
            : told(outcome);
        return {
          seen: `primary: ${roles(primary)}; reader: ${roles(reader)}`,
          facts: facts(['primary', 'reader'], [primary, reader]),
        };
      },
    },
    {
      id: 'users-info-as-plain-user',
      question:
        'May a plain user ask usersInfo about itself and about others, at the primary and at a reader?',
      ask: async ({ probe }) => {
        const itself = { usersInfo: { user: user('plain'), db: 'admin' } };
        const other = { usersInfo: { user: user('admin'), db: 'admin' } };
        const outcomes = await probe([
          ...withUser('plain'),
          { do: 'await-logins', as: 'plain', password: 'own', until: 'accepted', seconds: 30 },
          connect('primary', 'plain', { at: 0 }),
          run('primary', itself),
          run('primary', other),
          connect('reader', 'plain', { at: 1 }),
          run('reader', itself),
          run('admin', itself),
        ]);
        mustWork(outcomes, 0, 1);
        const [, , , , own, another, , reader, admin] = outcomes;
        return {
          seen: `about itself ${told(own)}, at a reader ${told(reader)}; about another ${told(another)}`,
          facts: facts(
            ['itself', 'other', 'itself at a reader', 'the admin about it'],
            [own, another, reader, admin],
          ),
        };
      },
    },
    {
      id: 'mechanisms-after-update',
      question: 'Which SCRAM mechanisms does a user have when it is made, and after updateUser?',
      ask: async ({ probe }) => {
        const ask = run('admin', { usersInfo: { user: user('plain'), db: 'admin' } });
        const outcomes = await probe([
          ...withUser('plain'),
          ask,
          connect('sha1', 'plain', { mechanism: 'SCRAM-SHA-1' }),
          connect('sha256', 'plain', { mechanism: 'SCRAM-SHA-256' }),
          run('admin', { updateUser: user('plain'), pwd: newPassword('plain') }),
          ask,
          connect('sha1-after', 'plain', { mechanism: 'SCRAM-SHA-1' }),
          connect('sha256-after', 'plain', { mechanism: 'SCRAM-SHA-256' }),
        ]);
        mustWork(outcomes, 0, 1, 5);
        const [, , made, sha1, sha256, , changed, sha1After, sha256After] = outcomes;
        return {
          seen: `SCRAM-SHA-1 ${told(sha1)}, after updateUser ${told(sha1After)}; SCRAM-SHA-256 ${told(sha256)}, after updateUser ${told(sha256After)}`,
          facts: facts(
            ['made', 'sha1', 'sha256', 'changed', 'sha1 after', 'sha256 after'],
            [made, sha1, sha256, changed, sha1After, sha256After],
          ),
        };
      },
    },
    {
      id: 'primary-user-by-another-root',
      question:
        'May another root set the password of the primary user, and what is refused of stripping and dropping it?',
      ask: async ({ probe }) => {
        const outcomes = await probe([
          ...withUser('other_root', ROOT),
          connect('other', 'other_root'),
          // The same password: who rotates this secret notices nothing.
          run('other', { updateUser: user('admin'), pwd: ownPassword('admin') }),
          run('other', { updateUser: user('admin'), roles: READ_WRITE }),
          run('other', { updateUser: user('admin'), roles: ROOT }),
          run('other', { dropUser: user('admin') }),
          // Only if that was accepted is there anything to make.
          run('other', { createUser: user('admin'), pwd: ownPassword('admin'), roles: ROOT }),
        ]);
        mustWork(outcomes, 0, 1, 2);
        const [, , , password, roles, , drop] = outcomes;
        return {
          seen: `password ${told(password)}; roles ${told(roles)}; drop ${told(drop)}`,
          facts: facts(['password', 'roles', 'drop'], [password, roles, drop]),
        };
      },
    },
  ],
};
