/**
 * Leaves style sheets what they are, one minified file that the page links. JupyterLab's builder would make JavaScript of
 * them, with the code that puts it into the page.
 */
class StyleSheets {
  apply({ options: { module } }) {
    module.rules = module.rules.filter(({ test }) => !test?.test('index.css'));
    module.rules.push({ test: /\.css$/, type: 'css/global' });
  }
}

module.exports = { plugins: [new StyleSheets()] };
