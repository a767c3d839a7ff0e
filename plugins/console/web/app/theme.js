// Runs before the first paint, so that a chosen theme does not flash the other one.
'use strict';
(() => {
    const KEY = 'streamhost-console:theme';
    const root = document.documentElement;
    const system = matchMedia('(prefers-color-scheme: dark)');

    function stored() {
        try {
            return localStorage.getItem(KEY);
        } catch {
            return null;
        }
    }

    function dark() {
        return (root.dataset.theme ?? (system.matches ? 'dark' : 'light')) === 'dark';
    }

    /** @param {string | null} theme null: as the system */
    function apply(theme) {
        if (theme === 'light' || theme === 'dark') root.dataset.theme = theme;
        else delete root.dataset.theme;
        document.getElementById('theme')?.setAttribute('aria-pressed', String(dark()));
    }

    function toggle() {
        const theme = dark() ? 'light' : 'dark';
        const asSystem = (theme === 'dark') === system.matches;
        try {
            if (asSystem) localStorage.removeItem(KEY);
            else localStorage.setItem(KEY, theme);
        } catch {
            // Without storage the choice lasts as long as the page.
        }
        apply(asSystem ? null : theme);
    }

    apply(stored());
    system.addEventListener('change', () => apply(stored()));
    addEventListener('storage', () => apply(stored()));
    addEventListener('DOMContentLoaded', () => {
        apply(stored());
        document.getElementById('theme')?.addEventListener('click', toggle);
    });
})();
