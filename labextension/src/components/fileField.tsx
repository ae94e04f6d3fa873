/**
 * Fields of a form for what JupyterLab's form has no widget for: a file, and JSON of any kind.
 */
import { closeIcon, fileUploadIcon } from '@jupyterlab/ui-components';
import type { JSONObject, JSONValue } from '@lumino/coreutils';
import type { FieldProps } from '@rjsf/utils';
import React from 'react';

import { useServices } from '../context';
import { size } from '../format';

type Value = JSONValue | File | undefined;
type Props = FieldProps<Value>;

/** A file, by drop or by choice; JSON instead where the function takes that, too. */
export function FileField(props: Props): JSX.Element {
  const { trans } = useServices();
  const { formData, onChange } = props;
  const hint = (props.uiSchema ?? {}) as JSONObject;
  const [writes, setWrites] = React.useState(
    formData !== undefined && !(formData instanceof File)
  );
  const alsoJson = Boolean(hint['x-faas-json']);
  return (
    <Labelled props={props}>
      {alsoJson && writes ? (
        <JsonArea props={props} />
      ) : (
        <DropZone
          id={props.idSchema.$id}
          label={labelOf(props)}
          accept={((hint['ui:options'] ?? {}) as { accept?: string }).accept}
          file={formData instanceof File ? formData : undefined}
          change={onChange}
        />
      )}
      {alsoJson ? (
        <button
          type="button"
          className="jp-faas-link"
          onClick={() => {
            onChange(undefined);
            setWrites(!writes);
          }}
        >
          {writes ? trans.__('Give a file instead') : trans.__('Write JSON instead')}
        </button>
      ) : null}
    </Labelled>
  );
}

/** A value of any kind, as JSON. */
export function JsonField(props: Props): JSX.Element {
  return (
    <Labelled props={props}>
      <JsonArea props={props} />
    </Labelled>
  );
}

function Labelled(props: { props: Props; children: React.ReactNode }): JSX.Element {
  const { schema } = props.props;
  return (
    <div className="jp-faas-own-field">
      <div className="jp-FormGroup-compactTitle">
        <div className="jp-FormGroup-fieldLabel jp-FormGroup-contentItem">
          {labelOf(props.props)}
        </div>
        {schema.description ? (
          <div className="jp-FormGroup-description">{schema.description}</div>
        ) : null}
      </div>
      <div className="jp-faas-own-input">{props.children}</div>
    </div>
  );
}

function labelOf(props: Props): string {
  return props.schema.title ?? props.name;
}

function DropZone(props: {
  id: string;
  label: string;
  accept: string | undefined;
  file: File | undefined;
  change: (file: File | undefined) => void;
}): JSX.Element {
  const { trans } = useServices();
  const { file, change } = props;
  const [over, setOver] = React.useState(false);
  const input = React.useRef<HTMLInputElement>(null);
  return (
    <div
      className={`jp-faas-drop ${over ? 'jp-mod-over' : ''}`}
      onDragOver={event => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={event => {
        event.preventDefault();
        setOver(false);
        const dropped = event.dataTransfer.files[0];
        if (dropped) {
          change(dropped);
        }
      }}
    >
      <input
        ref={input}
        id={props.id}
        type="file"
        className="jp-faas-hidden"
        tabIndex={-1}
        aria-label={props.label}
        accept={props.accept}
        onChange={event => {
          change(event.target.files?.[0]);
          event.target.value = ''; // so that the same file can be chosen again
        }}
      />
      <fileUploadIcon.react tag="span" width="16px" height="16px" />
      {file ? (
        <>
          <span className="jp-faas-file">
            {file.name} <span className="jp-faas-quiet">{size(file.size)}</span>
          </span>
          <button
            type="button"
            className="jp-faas-icon-button"
            title={trans.__('Take %1 out', file.name)}
            aria-label={trans.__('Take %1 out', file.name)}
            onClick={() => change(undefined)}
          >
            <closeIcon.react tag="span" width="14px" height="14px" />
          </button>
        </>
      ) : (
        <button
          type="button"
          className="jp-faas-link"
          aria-label={trans.__('Choose a file for %1', props.label)}
          onClick={() => input.current?.click()}
        >
          {trans.__('Drop a file here, or choose one')}
        </button>
      )}
    </div>
  );
}

function JsonArea({ props }: { props: Props }): JSX.Element {
  const { trans } = useServices();
  const { formData, onChange } = props;
  const [text, setText] = React.useState(() => textOf(formData));
  const wrong = valueOf(text) === undefined && text.trim() !== '';
  React.useEffect(() => {
    // Others change it, too: the history, an example.
    setText(now =>
      JSON.stringify(valueOf(now)) === JSON.stringify(formData) ? now : textOf(formData)
    );
  }, [formData]);
  return (
    <>
      <textarea
        id={props.idSchema.$id}
        className="jp-mod-styled"
        aria-label={labelOf(props)}
        aria-invalid={wrong}
        rows={Math.min(8, text.split('\n').length + 1)}
        value={text}
        onChange={event => {
          setText(event.target.value);
          const value = valueOf(event.target.value);
          if (value !== undefined || !event.target.value.trim()) {
            onChange(value);
          }
        }}
      />
      {wrong ? (
        <p className="jp-faas-error">{trans.__('This is not JSON yet.')}</p>
      ) : null}
    </>
  );
}

function textOf(value: Value): string {
  return value === undefined || value instanceof File
    ? ''
    : JSON.stringify(value, null, 1);
}

function valueOf(text: string): JSONValue | undefined {
  try {
    return JSON.parse(text) as JSONValue;
  } catch {
    return undefined;
  }
}
