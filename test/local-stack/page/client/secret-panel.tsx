import type { Login, SecretView, WatchedSecret } from '../model.ts';
import * as api from './api.ts';
import { useAsked } from './asked.ts';
import { LoginChart } from './login-chart.tsx';
import { Icon } from './marks.tsx';

interface Props {
  readonly secrets: readonly SecretView[];
  readonly watched: WatchedSecret | undefined;
  readonly logins: readonly Login[];
  readonly act: api.Act;
}

/** The labels of a secret, which of its versions log in, and a client that logs in all the time. */
export const SecretPanel = ({ secrets, watched, logins, act }: Props) => {
  const [shown, watch] = useAsked({ told: watched?.name ?? '', ask: api.watch, act });
  return (
    <section class="card" aria-label="Secret">
      <h2>Secret</h2>
      <label>
        Watched{' '}
        <select value={shown} onChange={(event) => watch(event.currentTarget.value)}>
          {secrets.map(({ name }) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </label>
      <LoginChart logins={logins} />
      <p class="dim">{summary(logins)}</p>
      <table>
        <thead>
          <tr>
            <th scope="col">Labels</th>
            <th scope="col">User</th>
            <th scope="col">Logs in</th>
          </tr>
        </thead>
        <tbody>
          {watched?.versions.map((version) => (
            <tr key={version.id}>
              <td>
                {version.labels.join(', ')} <small>{version.id.slice(0, 8)}</small>
              </td>
              <td>{version.user ?? 'no credential'}</td>
              <td>
                {version.logsIn.map((accepted, instance) => (
                  <span key={instance} class="nowrap">
                    <Icon shown={accepted ? 'done' : 'failed'} /> {accepted ? 'yes' : 'no'}{' '}
                  </span>
                ))}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
};

const summary = (logins: readonly Login[]): string => {
  const failed = logins.filter(({ accepted }) => !accepted).length;
  const last = logins.at(-1);
  const now = last ? (last.accepted ? 'logs in' : 'is refused') : 'has not begun';
  return `A client that logs in all the time with AWSCURRENT ${now}. In the last minute ${logins.length} logins, ${failed} failed.`;
};
