// ODK Web Forms, as ODK Central has them.
import { createApp, h } from 'vue';
import { OdkWebForm, webFormsPlugin } from '@getodk/web-forms';

window.sent = [];

// Opens a form; `attached` has the texts of its files by name.
window.openForm = (xform, attached) => {
    document.body.innerHTML = '<div id="app"></div>';
    const fetchFormAttachment = async (url) => {
        const name = String(url).split('/').pop();
        return name in attached
            ? new Response(attached[name], { headers: { 'content-type': 'text/csv' } })
            : new Response('', { status: 404 });
    };
    const onSubmit = async (payload) => {
        const files = payload.data.flatMap((data) => [...data.values()]);
        window.sent.push(await files.find((file) => file instanceof Blob).text());
        return {};
    };
    createApp({ render: () => h(OdkWebForm, { formXml: xform, fetchFormAttachment, onSubmit }) })
        .use(webFormsPlugin)
        .mount('#app');
};
