/* visit.js -- tells storehook of visits: storehook('page'), ('product', {id}), ('cart', {items}), ('consent', false) */
(function (w, d, n) {
  var me = d.currentScript, name = 'storehook_visitor', off, token, url, i
  var queue = w.storehook && w.storehook.q || []
  var types = {page: 'page_visit', product: 'product_viewed', cart: 'cart_updated'}

  function refused() {
    return off || n.globalPrivacyControl || n.doNotTrack == 1 || w.doNotTrack == 1
  }

  function random() {
    var bytes = w.crypto.getRandomValues(new Uint8Array(16)), text = ''
    for (var i = 0; i < 16; i++) text += (bytes[i] + 256).toString(16).slice(1)
    return text
  }

  function visitor() {
    var id
    try {
      id = w.localStorage[name] = w.localStorage[name] || random()
    } catch (e) {
      id = (d.cookie.match(name + '=(\\w+)') || [])[1] || random()
      d.cookie = name + '=' + id + ';path=/;max-age=31536000;samesite=lax'
    }
    return id
  }

  function send(text) {
    try {
      if (n.sendBeacon(url, text)) return
    } catch (e) {}
    w.fetch && w.fetch(url, {method: 'POST', body: text, keepalive: true, credentials: 'omit', mode: 'no-cors'})
  }

  function call(what, about) {
    if (what == 'consent') off = about === false
    if (!types[what] || refused()) return
    var said = {visitor_id: visitor(), type: types[what], sent_at: new Date().toISOString(), token: token}
    said.page = {url: location.href, title: d.title, referrer: d.referrer}
    if (what != 'page') said[what] = about
    send(JSON.stringify(said))
  }

  url = me.src.replace(/\.js([?#].*)?$/, '')
  off = me.getAttribute('data-consent') == 'false'

  /* A mailing's link: the token leaves the address, so that nobody passes it on. */
  token = (location.search.match(/[?&]storehook=(\w+)/) || [])[1]
  if (token) history.replaceState(history.state, '', location.href.replace('storehook=' + token, '').replace(/[?&](?=#|$)/, ''))

  w.storehook = call
  for (i = 0; i < queue.length; i++) call.apply(null, queue[i])
})(window, document, navigator)
