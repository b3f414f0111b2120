// Enketo, as KoboToolbox has it: its transformer, and its form engine.
import { transform } from 'enketo-transformer/web';
import { Form } from 'enketo-core/src/js/form';

const asXml = (rows) => {
    const xml = document.implementation.createDocument(null, 'root');
    for (const row of rows) {
        const item = xml.documentElement.appendChild(xml.createElement('item'));
        for (const [name, text] of Object.entries(row)) {
            item.appendChild(xml.createElement(name)).textContent = text;
        }
    }
    return xml;
};

// Opens a form; `attached` has the rows of its files by name. Returns what is wrong with it.
window.openForm = async (xform, attached) => {
    const { form: html, model } = await transform({ xform, theme: 'grid' });
    const buttons = ['previous', 'next', 'first', 'last'].map((to) => `<a class="${to}-page" href="#">${to}</a>`);
    const page = `<div class="main">${html}<section class="form-footer">${buttons.join('')}</section></div>`;
    document.body.replaceChildren(document.createRange().createContextualFragment(page));
    const external = Object.entries(attached).map(([id, rows]) => ({ id, xml: asXml(rows) }));
    window.form = new Form(document.querySelector('form.or'), { modelStr: model, external }, {});
    return window.form.init().map(String);
};

window.speak = (language) => window.form.langs.setFormUi(language);

// Answers a question as a person does: by its input; a choice by its code, several by codes with blanks between.
window.answer = (name, value, nth) => {
    const inputs = [...document.querySelectorAll('[name], [data-name]')].filter((each) => {
        const path = each.dataset.name || each.name || '';
        return path.endsWith(`/${name}`) && each.matches('input, select, textarea');
    });
    const ticks = inputs.filter((each) => ['radio', 'checkbox'].includes(each.type));
    if (ticks.length) {
        for (const code of value.split(' ')) ticks.filter((each) => each.value === code)[nth].click();
        return;
    }
    const input = inputs[nth];
    input.value = value;
    input.dispatchEvent(new Event('change', { bubbles: true }));
};

window.shown = () =>
    [...document.querySelectorAll('.question')]
        .filter((each) => !each.closest('.disabled'))
        .map((each) => (each.querySelector('[name], [data-name]') || each).dataset.name
            || each.querySelector('[name]').getAttribute('name'))
        .map((path) => path.split('/').pop());

window.said = (name) =>
    [...document.querySelectorAll('.question')]
        .filter((each) => each.querySelector(`[name$="/${name}"], [data-name$="/${name}"]`))
        .map((each) => [...each.querySelectorAll('.active, .option-label.active')].map((text) => text.textContent).join(' '))
        .join(' ');

// What stops it from being sent: the questions, and what is said of each.
window.stopped = async () => {
    await window.form.validate();
    return [...document.querySelectorAll('.invalid-constraint, .invalid-required')].map((each) => {
        const name = (each.querySelector('[data-name]') || { dataset: {} }).dataset.name
            || each.querySelector('[name]').getAttribute('name');
        const kind = each.matches('.invalid-required') ? 'required' : 'constraint';
        return [name.split('/').pop(), each.querySelector(`.or-${kind}-msg.active`).textContent];
    });
};

window.pages = () => window.form.pages.activePages.length;
window.send = () => window.form.getDataStr();
