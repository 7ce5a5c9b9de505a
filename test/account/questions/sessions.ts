import type { Outcome } from '../prober/script.ts';
import type { Group } from '../question.ts';
import { connect, newPassword, run, user, withUser } from './steps.ts';
import { facts, mustWork, told } from './told.ts';

const operations = (outcome: Outcome | undefined): Record<string, unknown>[] =>
  outcome?.ok && Array.isArray(outcome.reply.inprog) ? outcome.reply.inprog : [];

/** What becomes of connections that are open. */
export const sessions: Group = {
  name: 'sessions',
  questions: [
    {
      id: 'current-op',
      question:
        'Does currentOp list idle connections, as a plain user and as the primary user: who still holds one?',
      ask: async ({ probe }) => {
        const outcomes = await probe([
          ...withUser('plain'),
          connect('idle', 'plain'),
          connect('asking', 'plain'),
          run('asking', { currentOp: 1, $all: true }),
          run('asking', { currentOp: 1, $ownOps: true, $all: true }),
          run('admin', { currentOp: 1, $all: true }),
        ]);
        mustWork(outcomes, 0, 1, 2, 3);
        const [, , , , plain, own, admin] = outcomes;
        const listed = (outcome: Outcome | undefined) =>
          outcome?.ok ? `${operations(outcome).length} operations` : told(outcome);
        // Of each operation only what it is and whose: addresses and commands tell nothing here.
        const brief = (outcome: Outcome | undefined) =>
          outcome?.ok
            ? operations(outcome).map(({ active, op, type, effectiveUsers, desc }) => ({
                active,
                op,
                type,
                effectiveUsers,
                desc,
              }))
            : told(outcome);
        return {
          seen: `as a plain user ${listed(plain)}, its own ${listed(own)}, as the primary user ${listed(admin)}`,
          facts: { plain: brief(plain), own: brief(own), admin: brief(admin) },
        };
      },
    },
    {
      id: 'sessions-after-update-user',
      question: 'Does a connection go on after updateUser has changed its password?',
      ask: async ({ probe }) => {
        const outcomes = await probe([
          ...withUser('plain'),
          connect('open', 'plain'),
          run('open', { find: 'things', filter: {} }, 'shop'),
          run('admin', { updateUser: user('plain'), pwd: newPassword('plain') }),
          run('open', { find: 'things', filter: {} }, 'shop'),
          run('open', { connectionStatus: 1 }),
          connect('with the old password', 'plain', { password: 'old' }),
        ]);
        mustWork(outcomes, 0, 1, 2, 3, 4);
        const [, , , , , find, status, old] = outcomes;
        return {
          seen: `its next command is ${told(find)}; a login with the old password ${told(old)}`,
          facts: facts(['find', 'connectionStatus', 'login with the old password'], [find, status, old]),
        };
      },
    },
    {
      id: 'sessions-after-drop-user',
      question: 'Does a connection go on after dropUser?',
      ask: async ({ probe }) => {
        const outcomes = await probe([
          ...withUser('plain'),
          connect('open', 'plain'),
          run('open', { find: 'things', filter: {} }, 'shop'),
          run('admin', { dropUser: user('plain') }),
          run('open', { find: 'things', filter: {} }, 'shop'),
          run('open', { connectionStatus: 1 }),
        ]);
        mustWork(outcomes, 0, 1, 2, 3, 4);
        const [, , , , , find, status] = outcomes;
        return {
          seen: `its next command is ${told(find)}`,
          facts: facts(['find', 'connectionStatus'], [find, status]),
        };
      },
    },
    {
      id: 'propagation',
      question:
        'After how many milliseconds does every instance take a new password, and refuse the old one?',
      ask: async ({ probe }) => {
        const outcomes = await probe([
          ...withUser('plain'),
          { do: 'await-logins', as: 'plain', password: 'own', until: 'accepted', seconds: 60 },
          run('admin', { updateUser: user('plain'), pwd: newPassword('plain') }),
          { do: 'await-logins', as: 'plain', password: 'own', until: 'accepted', seconds: 60 },
          { do: 'await-logins', as: 'plain', password: 'old', until: 'refused', seconds: 60 },
        ]);
        mustWork(outcomes, 0, 1, 3);
        const [, , made, , taken, refused] = outcomes;
        const list = (outcome: Outcome | undefined) =>
          outcome?.ok ? JSON.stringify(outcome.reply.instances) : told(outcome);
        return {
          seen: `a new user ${list(made)}, a new password ${list(taken)}, the old one refused ${list(refused)} (ms by instance, the primary first)`,
          facts: facts(['new user', 'new password', 'old password refused'], [made, taken, refused]),
        };
      },
    },
  ],
};
