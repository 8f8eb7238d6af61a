/** Has the style sheets minified, which css-loader leaves as they are written. */
module.exports = {
  module: {
    rules: [
      {
        test: /\.css$/,
        enforce: 'pre',
        use: { loader: 'builtin:lightningcss-loader', options: { minify: true } }
      }
    ]
  }
};
