/** A value of Step Functions, as text: what is in it stays text. */
export const Json = ({ label, value }: { label: string; value: unknown }) =>
  value === undefined ? null : (
    <details open>
      <summary>{label}</summary>
      <pre>{typeof value === 'string' ? value : JSON.stringify(value, null, 2)}</pre>
    </details>
  );
