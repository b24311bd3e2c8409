import { render } from 'preact';
import { App } from './app';
import { startSession } from './shell/session';
import { applyTheme } from './shell/theme';
import { applyLanguage, language, t } from './text';
import './style/index.css';

applyTheme();
applyLanguage(language.get().now);
const root = document.getElementById('root');
if (root) {
  root.textContent = '';
  render(<App />, root);
  startSession().catch((why: Error) => {
    const text = document.createElement('p');
    text.setAttribute('role', 'alert');
    text.textContent = t('problem', { why: why.message });
    document.getElementById('main')?.append(text);
    setTimeout(() => location.reload(), 5000);
  });
}
