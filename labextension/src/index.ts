/**
 * The extension's plugins.
 */
import {
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin
} from '@jupyterlab/application';
import {
  Dialog,
  ICommandPalette,
  type MainAreaWidget,
  showDialog,
  showErrorMessage,
  WidgetTracker
} from '@jupyterlab/apputils';
import { CodeCell } from '@jupyterlab/cells';
import { INotebookTracker, NotebookActions } from '@jupyterlab/notebook';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { Requests } from './api/requests';
import type { IServices } from './context';
import { functionsIcon } from './icons';
import { Catalogue } from './models/catalogue';
import { placeOf, showPlace } from './notebook/lines';
import { functionWidget } from './widgets/functionWidget';
import { publishable } from './models/annotation';
import { FaasPanel } from './widgets/panel';
import { publishCell } from './widgets/publishDialog';

const ID = 'jupyter-faas:plugin';
const OPEN = 'jupyter-faas:open-function';
const SHOW = 'jupyter-faas:show';
const PUBLISH = 'jupyter-faas:publish-cell';

const plugin: JupyterFrontEndPlugin<void> = {
  id: ID,
  description: 'Publish, try and watch functions.',
  autoStart: true,
  requires: [INotebookTracker, IRenderMimeRegistry],
  optional: [ILayoutRestorer, ICommandPalette, ISettingRegistry, ITranslator],
  activate
};

function activate(
  app: JupyterFrontEnd,
  notebooks: INotebookTracker,
  rendermime: IRenderMimeRegistry,
  restorer: ILayoutRestorer | null,
  palette: ICommandPalette | null,
  registry: ISettingRegistry | null,
  translator: ITranslator | null
): void {
  const trans = (translator ?? nullTranslator).load('jupyter_faas');
  const catalogue = new Catalogue(new Requests(app.serviceManager.serverSettings));
  const services: IServices = {
    trans,
    rendermime,
    openFunction: name => void app.commands.execute(OPEN, { name }),
    insertCell: source => insertCell(notebooks, source),
    showLine: (notebook, frame) => {
      const place = placeOf(notebooks, notebook, frame);
      if (place) {
        showPlace(place, panel => app.shell.activateById(panel.id));
      }
      return place !== null;
    },
    confirm: async (title, body, action) => {
      const buttons = [Dialog.cancelButton(), Dialog.warnButton({ label: action })];
      return (await showDialog({ title, body, buttons })).button.accept;
    },
    fail: (title, error) => void showErrorMessage(title, error as Error)
  };
  const tracker = new WidgetTracker<MainAreaWidget>({ namespace: 'jupyter-faas' });

  app.commands.addCommand(OPEN, {
    label: args => trans.__('Open the Function %1', args['name']),
    icon: functionsIcon,
    execute: async args => {
      const name = args['name'] as string;
      const open = tracker.find(widget => widget.title.label === name);
      const widget = open ?? functionWidget(name, catalogue, services);
      if (!open) {
        await tracker.add(widget);
        app.shell.add(widget, 'main');
      }
      app.shell.activateById(widget.id);
    }
  });
  const panel = new FaasPanel(catalogue, services);
  app.shell.add(panel, 'left', { rank: 550, type: 'Functions' });
  app.commands.addCommand(SHOW, {
    label: trans.__('Show Functions'),
    icon: functionsIcon,
    execute: () => app.shell.activateById(panel.id)
  });
  app.commands.addCommand(PUBLISH, {
    label: trans.__('Publish as a Function …'),
    caption: trans.__('Run this cell and publish the function that it defines'),
    icon: args => (args['toolbar'] ? functionsIcon : undefined),
    isEnabled: () => activeCell(notebooks) !== null,
    isVisible: args => !args['toolbar'] || activeCell(notebooks) !== null,
    execute: async () => {
      const [panel, cell] = [notebooks.currentWidget, activeCell(notebooks)];
      if (panel && cell && (await publishCell(panel, cell, services))) {
        await catalogue.refresh();
      }
    }
  });
  notebooks.activeCellChanged.connect((_, cell) => {
    app.commands.notifyCommandChanged(PUBLISH);
    cell?.model.contentChanged.connect(() => app.commands.notifyCommandChanged(PUBLISH));
  });
  for (const command of [SHOW, PUBLISH]) {
    palette?.addItem({ command, category: trans.__('Functions') });
  }
  restorer?.add(panel, panel.id);
  if (restorer) {
    void restorer.restore(tracker, {
      command: OPEN,
      args: widget => ({ name: widget.title.label }),
      name: widget => widget.title.label
    });
  }
  void followSettings(registry, catalogue);
}

async function followSettings(
  registry: ISettingRegistry | null,
  catalogue: Catalogue
): Promise<void> {
  const settings = await registry?.load(ID);
  const apply = (): void => {
    catalogue.interval = 1000 * (settings?.get('interval').composite as number);
  };
  if (settings) {
    apply();
    settings.changed.connect(apply);
  }
}

/** The active cell of the notebook in use, if it could be published. */
function activeCell(notebooks: INotebookTracker): CodeCell | null {
  const cell = notebooks.activeCell;
  return cell instanceof CodeCell && publishable(cell.model.sharedModel.getSource())
    ? cell
    : null;
}

/** Put `source` into a new cell below the active one; false if no notebook is open. */
function insertCell(notebooks: INotebookTracker, source: string): boolean {
  const current = notebooks.currentWidget;
  if (current === null) {
    return false;
  }
  NotebookActions.insertBelow(current.content);
  current.content.activeCell?.model.sharedModel.setSource(source);
  return true;
}

export default plugin;
