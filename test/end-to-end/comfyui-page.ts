import { chromium, type Browser, type Locator, type Page } from 'playwright-core';
import type { Demo } from './demo.ts';

/** Playwright's own 30 s are not enough on a busy machine. */
export const PATIENCE_MS = 120_000;

export function launchChromium(more: readonly string[] = []): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env['CHROMIUM_BIN'] ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', ...more],
  });
}

interface Comfy {
  graph: {
    _nodes: {
      type: string;
      pos: [number, number];
      size: [number, number];
      widgets: { name: string; value: unknown; last_y?: number; y: number }[];
    }[];
  };
  canvas: { ds: { offset: [number, number]; scale: number }; canvas: { getBoundingClientRect(): DOMRect } };
}
interface DOMRect {
  left: number;
  top: number;
}

/** Fills in the sign-in page, to which ComfyUI's address leads. */
export async function signIn(page: Page, { url, passwords }: Demo, name: 'alice' | 'bob'): Promise<void> {
  await page.goto(url);
  await page.getByLabel('User name').fill(name);
  await page.getByLabel('Password').fill(passwords[name]);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

/** ComfyUI's page as a person uses it: by mouse and keyboard. */
export class ComfyuiPage {
  readonly page: Page;
  constructor(page: Page) {
    this.page = page;
  }

  /** In a browser of its own, signed in. */
  static async open(browser: Browser, demo: Demo, name: 'alice' | 'bob'): Promise<ComfyuiPage> {
    const context = await browser.newContext({ viewport: { width: 1600, height: 900 } });
    context.setDefaultTimeout(PATIENCE_MS);
    const page = await context.newPage();
    await signIn(page, demo, name);
    return ComfyuiPage.ready(page, name);
  }

  /** Once ComfyUI has started in the page. */
  static async ready(page: Page, name?: string): Promise<ComfyuiPage> {
    if (name !== undefined) await page.getByText(name, { exact: true }).first().waitFor();
    await page.waitForFunction(
      () => (globalThis as unknown as { app?: Partial<Comfy> }).app?.graph !== undefined,
    );
    return new ComfyuiPage(page);
  }

  /** Clicks a widget where the canvas has drawn it. */
  async clickWidget(type: string, name: string): Promise<void> {
    const place = await this.page.evaluate(
      ([nodeType, widgetName]) => {
        const { graph, canvas } = (globalThis as unknown as { app: Comfy }).app;
        const node = graph._nodes.find((found) => found.type === nodeType);
        const widget = node?.widgets.find((found) => found.name === widgetName);
        if (node === undefined || widget === undefined)
          throw new Error(`no ${String(nodeType)}.${String(widgetName)}`);
        const { offset, scale } = canvas.ds;
        const { left, top } = canvas.canvas.getBoundingClientRect();
        const y = node.pos[1] + (widget.last_y ?? widget.y) + 10;
        return {
          x: left + (node.pos[0] + node.size[0] / 2 + offset[0]) * scale,
          y: top + (y + offset[1]) * scale,
        };
      },
      [type, name],
    );
    await this.page.mouse.click(place.x, place.y);
  }

  value(type: string, name: string): Promise<unknown> {
    return this.page.evaluate(
      ([nodeType, widgetName]) => {
        const { graph } = (globalThis as unknown as { app: Comfy }).app;
        const node = graph._nodes.find((found) => found.type === nodeType);
        return node?.widgets.find((found) => found.name === widgetName)?.value;
      },
      [type, name],
    );
  }

  /** What the side bar under this key (`w` workflows, `q` queue) shows. */
  private async sideBar<T>(key: 'w' | 'q', look: (bar: Locator) => Promise<T>): Promise<T> {
    await this.page.keyboard.press(key);
    const bar = this.page.locator('.sidebar-content-container').first();
    await bar
      .getByText(key === 'w' ? 'Browse' : 'Queue', { exact: false })
      .first()
      .waitFor();
    const found = await look(bar);
    await this.page.keyboard.press(key);
    return found;
  }

  async openWorkflow(name: string): Promise<void> {
    await this.sideBar('w', (bar) => bar.getByText(name, { exact: true }).first().click());
    await this.page.getByText(name.replace('.json', ''), { exact: true }).first().waitFor();
  }

  workflows(): Promise<string[]> {
    return this.sideBar('w', async (bar) =>
      (await bar.innerText()).split('\n').filter((line) => line.endsWith('.json')),
    );
  }

  /** Addresses of the images that the queue shows. */
  queueImages(): Promise<string[]> {
    return this.sideBar('q', (bar) =>
      bar
        .locator('img')
        .evaluateAll((images) => images.map((image) => (image as unknown as { src: string }).src)),
    );
  }

  async upload(type: string, file: { name: string; mimeType: string; buffer: Buffer }): Promise<void> {
    const [chooser] = await Promise.all([
      this.page.waitForEvent('filechooser'),
      this.clickWidget(type, 'upload'),
    ]);
    await chooser.setFiles(file);
  }

  async type(type: string, widget: string, text: string): Promise<void> {
    await this.clickWidget(type, widget);
    await this.page.locator('.graphdialog input').fill(text);
    await this.page.keyboard.press('Enter');
  }

  /** What a list offers when it is clicked. */
  async choices(type: string, widget: string): Promise<string[]> {
    await this.clickWidget(type, widget);
    const menu = this.page.locator('.litecontextmenu');
    const offered = (await menu.first().innerText()).split('\n');
    await this.page.keyboard.press('Escape');
    return offered;
  }

  async run(): Promise<void> {
    await this.page.getByRole('button', { name: 'Run', exact: true }).first().click();
  }

  /** By the menu of the workflow's name. */
  async saveAs(name: string, as: string): Promise<void> {
    await this.page.locator('.p-breadcrumb').getByText(name).first().click();
    await this.page.getByRole('menuitem', { name: 'Save As' }).first().click();
    await this.page.getByRole('dialog').getByRole('textbox').fill(as);
    await this.page.keyboard.press('Enter');
  }
}
