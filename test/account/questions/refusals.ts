import type { Group } from '../question.ts';
import { connect, newPassword, READ_WRITE, run, user, withUser } from './steps.ts';
import { facts, mustWork, told } from './told.ts';

/** With which codes and words the database refuses. */
export const refusals: Group = {
  name: 'refusals',
  questions: [
    {
      id: 'refused-login',
      question:
        'With which code and text is a login refused: wrong password, unknown user, unknown mechanism?',
      ask: async ({ probe }) => {
        const [, , wrong, unknown, mechanism] = await probe([
          ...withUser('plain'),
          connect('a', 'plain', { password: 'wrong' }),
          connect('b', 'unknown'),
          connect('c', 'plain', { mechanism: 'SCRAM-SHA-256' }),
        ]);
        return {
          seen: `wrong password ${told(wrong)}; unknown user ${told(unknown)}`,
          facts: facts(['wrong password', 'unknown user', 'SCRAM-SHA-256'], [wrong, unknown, mechanism]),
        };
      },
    },
    {
      id: 'missing-privilege',
      question: 'With which code is refused what a plain user may not do to itself and to others?',
      ask: async ({ probe }) => {
        const outcomes = await probe([
          ...withUser('plain'),
          connect('plain', 'plain'),
          run('plain', { updateUser: user('plain'), pwd: newPassword('plain') }),
          run('plain', { createUser: user('another'), pwd: newPassword('another'), roles: READ_WRITE }),
          run('plain', { dropUser: user('plain') }),
          run('plain', { find: 'things', filter: {} }, 'forbidden'),
        ]);
        mustWork(outcomes, 0, 1, 2);
        const [, , , own, create, drop, find] = outcomes;
        return {
          seen: `own password ${told(own)}; createUser ${told(create)}; dropUser ${told(drop)}; reading elsewhere ${told(find)}`,
          facts: facts(['own password', 'createUser', 'dropUser', 'find'], [own, create, drop, find]),
        };
      },
    },
    {
      id: 'unknown-and-existing-users',
      question:
        'With which code are refused: a change of an unknown user, dropping it, making one that exists, an unknown role?',
      ask: async ({ probe }) => {
        const outcomes = await probe([
          ...withUser('plain'),
          run('admin', { updateUser: user('unknown'), pwd: newPassword('unknown') }),
          run('admin', { dropUser: user('unknown') }),
          run('admin', { createUser: user('plain'), pwd: newPassword('plain'), roles: READ_WRITE }),
          run('admin', { updateUser: user('plain'), roles: [{ role: 'no_such_role', db: 'admin' }] }),
          run('admin', { updateUser: user('plain') }),
        ]);
        mustWork(outcomes, 0, 1);
        const [, , update, drop, create, role, nothing] = outcomes;
        return {
          seen: `updateUser ${told(update)}; dropUser ${told(drop)}; createUser ${told(create)}; unknown role ${told(role)}`,
          facts: facts(
            [
              'update of unknown',
              'drop of unknown',
              'create of existing',
              'unknown role',
              'update of nothing',
            ],
            [update, drop, create, role, nothing],
          ),
        };
      },
    },
    {
      id: 'password-rules',
      question: 'Which passwords are refused, and how?',
      ask: async ({ probe }) => {
        const tries = {
          '7 characters': { length: 7 },
          '8 characters': { length: 8 },
          '100 characters': { length: 100 },
          '101 characters': { length: 101 },
          empty: { length: 0 },
          'with /': { with: '/' },
          'with "': { with: '"' },
          'with @': { with: '@' },
          'with a space': { with: ' ' },
          'with %': { with: '%' },
          'with é': { with: 'é' },
        };
        const outcomes = await probe([
          ...withUser('plain'),
          ...Object.values(tries).map((more) =>
            run('admin', { updateUser: user('plain'), pwd: newPassword('plain', more) }),
          ),
        ]);
        mustWork(outcomes, 0, 1);
        const found = outcomes.slice(2);
        const refused = Object.keys(tries).filter((_, index) => found[index]?.ok === false);
        return {
          seen: `refused: ${refused.join(', ') || 'none'}`,
          facts: facts(Object.keys(tries), found),
        };
      },
    },
    {
      id: 'unknown-command',
      question:
        'With which code are refused: a command that no version has, and one that this engine does not support?',
      ask: async ({ probe }) => {
        const outcomes = await probe([
          ...withUser('plain'),
          run('admin', { noSuchCommand: 1 }),
          run('admin', { getParameter: '*' }),
          run('admin', { createRole: 'kit_role', privileges: [], roles: [] }),
          run('admin', { dropRole: 'kit_role' }),
          connect('plain', 'plain'),
          run('plain', { noSuchCommand: 1 }),
        ]);
        mustWork(outcomes, 0, 1);
        const [, , unknown, parameter, role, , , asPlain] = outcomes;
        return {
          seen: `unknown command ${told(unknown)}; getParameter ${told(parameter)}; createRole ${told(role)}`,
          facts: facts(
            ['unknown command', 'getParameter', 'createRole', 'unknown command as a plain user'],
            [unknown, parameter, role, asPlain],
          ),
        };
      },
    },
  ],
};
