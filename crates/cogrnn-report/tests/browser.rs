//! The page in a real browser: it loads from disk without complaint, it can be explored, it fits a phone.
//!
//! Needs `chromium` on the path; without it the test says so and passes. `COGRNN_SHOTS=folder` keeps screenshots.

#[allow(dead_code)]
#[path = "../examples/gallery.rs"]
mod gallery;

use cogrnn_report::Panel;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tungstenite::{Message, WebSocket};

#[test]
fn the_page_can_be_explored() {
    let Some(program) = ["chromium", "chromium-browser", "google-chrome"].into_iter().find(|name| on_path(name)) else {
        println!("no chromium on the path: the page was not tried in a browser");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("report.html");
    gallery::page().write(&file).unwrap();
    let size = std::fs::metadata(&file).unwrap().len();
    assert!(size < 5_000_000, "{size} bytes");

    let mut browser = Browser::start(program, &folder.path().join("profile"));
    let url = format!("file://{}", file.display());
    for (width, height) in [(1440, 900), (390, 844)] {
        for scheme in ["light", "dark"] {
            let seconds = browser.open(&url, width, height, scheme);
            println!("{width} px, {scheme}: {size} bytes opened in {:.2} s", seconds.as_secs_f64());
            assert!(seconds < Duration::from_secs(10), "a page should open in 2 s; this one took {seconds:?}");
            fits(&mut browser, width);
            letters_are_legible(&mut browser);
            browser.shot(&format!("{width}-{scheme}"));
            hover_reads_values(&mut browser);
            a_picked_unit_shows_its_activity(&mut browser);
            dragging_turns_the_space(&mut browser);
            the_arm_moves_with_its_muscles(&mut browser);
            keys_read_values(&mut browser);
        }
    }
    browser.open(&url, 1440, 900, "light");
    figures_are_saved(&mut browser);
    the_button_switches_the_theme(&mut browser);
    let asked = browser.asked();
    assert!(
        asked.iter().all(|url| ["file:", "data:", "blob:"].iter().any(|local| url.starts_with(local))),
        "{asked:?}"
    );
    assert_eq!(browser.complaints, Vec::<String>::new());
}

fn fits(browser: &mut Browser, width: i64) {
    assert_eq!(
        browser.number("document.documentElement.scrollWidth"),
        width as f64,
        "the page is as wide as the screen"
    );
    // no text of a drawing is cut by the screen's edge
    let outside = browser.evaluate(
        "[...document.querySelectorAll('svg.panel text')].filter(t => { const r = t.getBoundingClientRect();
         return r.width && (r.left < -0.5 || r.right > innerWidth + 0.5) }).map(t => t.textContent)",
    );
    assert_eq!(outside, json!([]), "at {width} px");
    let overlapping = browser.evaluate(
        "[...document.querySelectorAll('svg.panel')].flatMap(svg => {
           const t = [...svg.querySelectorAll('text')].filter(t => !/rotate/.test(t.getAttribute('transform')));
           const r = t.map(t => t.getBoundingClientRect());
           return t.flatMap((a, i) => t.slice(i + 1).filter((b, k) => { const p = r[i], q = r[i + 1 + k];
             return p.left < q.right - 1 && q.left < p.right - 1 && p.top < q.bottom - 4 && q.top < p.bottom - 4 })
             .map(b => svg.ariaLabel + ': ' + a.textContent + ' | ' + b.textContent)) })",
    );
    assert_eq!(overlapping, json!([]), "labels over one another at {width} px");
}

fn letters_are_legible(browser: &mut Browser) {
    let smallest = browser.number(
        "Math.min(...[...document.querySelectorAll('svg.panel text')].map(t =>
         parseFloat(getComputedStyle(t).fontSize) * t.ownerSVGElement.getBoundingClientRect().width / 360))",
    );
    assert!(smallest > 10.9, "{smallest} px");
}

fn hover_reads_values(browser: &mut Browser) {
    for (figure, said) in [
        ("psychometric", "events/s"),
        ("task", "start cue"),
        ("space", "choice"),
        ("inputs", "Input"),
        ("recurrent", "weight"),
    ] {
        browser.look_at(&format!("#fig-{figure} svg.panel"));
        let (x, y) = browser.place(&format!("#fig-{figure} svg.panel"), 0.45, 0.52);
        let mut text = String::new();
        // near the middle there is something in every figure
        for (dx, dy) in
            [(0.0, 0.0), (0.0, 20.0), (0.0, -20.0), (25.0, 0.0), (-25.0, 0.0), (0.0, 40.0), (40.0, 10.0), (-60.0, 0.0)]
        {
            browser.mouse("mouseMoved", x + dx, y + dy, 0);
            text =
                browser.text("document.querySelector('#tip').hidden ? '' : document.querySelector('#tip').textContent");
            if !text.is_empty() {
                break;
            }
        }
        assert!(text.contains(said) && text.chars().any(|c| c.is_ascii_digit()), "{figure}: {text:?}");
        let inside = browser.evaluate(
            "(() => { const r = document.querySelector('#tip').getBoundingClientRect(); return r.left >= 0 && r.right <= innerWidth })()",
        );
        assert_eq!(inside, json!(true), "the read-out of {figure} is on the screen");
    }
    browser.mouse("mouseMoved", 2.0, 2.0, 0);
    assert_eq!(browser.evaluate("document.querySelector('#tip').hidden"), json!(true));
}

fn a_picked_unit_shows_its_activity(browser: &mut Browser) {
    let drawing = "document.querySelector('.unit svg g').innerHTML";
    let before = browser.text(drawing);
    browser.look_at("#fig-recurrent svg.panel");
    let (x, y) = browser.place("#fig-recurrent svg.panel", 0.4, 0.7);
    browser.mouse("mousePressed", x, y, 1);
    browser.mouse("mouseReleased", x, y, 0);
    let unit = browser.text("document.querySelector('.unit').dataset.unit");
    assert_ne!(unit, "0");
    let picked = browser.text(drawing);
    assert_ne!(before, picked, "another unit, another activity");
    browser.evaluate("document.querySelector('.unit [aria-label=\"Next unit\"]').click()");
    assert_ne!(browser.text(drawing), picked, "the next unit's activity");
    assert_eq!(browser.number("+document.querySelector('.unit').dataset.unit"), unit.parse::<f64>().unwrap() + 1.0);
}

fn dragging_turns_the_space(browser: &mut Browser) {
    let drawing = "document.querySelector('#fig-space .scene').innerHTML";
    let before = browser.text(drawing);
    browser.look_at("#fig-space svg.panel");
    let (x, y) = browser.place("#fig-space svg.panel", 0.5, 0.5);
    browser.mouse("mousePressed", x, y, 1);
    browser.mouse("mouseMoved", x + 40.0, y + 15.0, 1);
    browser.mouse("mouseReleased", x + 40.0, y + 15.0, 0);
    let turned = browser.text(drawing);
    assert_ne!(before, turned);
    browser.evaluate("document.querySelectorAll('#fig-space .controls button')[0].click()");
    assert_ne!(browser.text(drawing), turned, "back to the first view");
}

fn the_arm_moves_with_its_muscles(browser: &mut Browser) {
    let Panel::Motion(motion) = &gallery::reaches()[0].panels[0] else { panic!("an arm") };
    let panel = "cogrnnReport.panel(document.querySelector('#fig-reaches .motion svg'))";
    let player = |what: &str| format!("document.querySelector('#fig-reaches .player {what}')");
    let change = |select: &str, to: usize| {
        let it = player(&format!("[aria-label={select}]"));
        format!("{it}.value = {to}, {it}.dispatchEvent(new Event('change'))")
    };
    browser.look_at("#fig-reaches .motion svg");
    // the script puts the same angles together to the same fingertip: to the 16 bits in which they are kept
    let last = motion.times.len() - 1;
    for ball in 0..2 {
        browser.evaluate(&change("Target", ball));
        let shown = browser.number(&format!("{panel}.shown")) as usize;
        assert_eq!(motion.trials[shown].target, ball);
        for moment in [0, 30, last] {
            browser.evaluate(&format!("{panel}.seek({moment})"));
            let tip = browser.evaluate(&format!("{panel}.tip"));
            for k in 0..3 {
                let apart = tip[k].as_f64().unwrap() - motion.trials[shown].tip[moment][k];
                assert!(apart.abs() < 2e-4, "ball {ball}, moment {moment}: {apart} m");
            }
        }
        let words = browser.text(&(player("output") + ".textContent"));
        let end = format!("at the end {:.3} m", motion.trials[shown].distances[last]);
        assert!(words.contains(&end), "{words} without {end}");
    }
    // dragging the time moves the arm, colours its muscles and moves the line in the heat map
    let drawing = "document.querySelector('#fig-reaches .scene').innerHTML";
    let cursor = "document.querySelector('#fig-reaches .cursor').innerHTML";
    let scrub = |to: usize| {
        let it = player("input");
        format!("{it}.value = {to}, {it}.dispatchEvent(new Event('input'))")
    };
    browser.evaluate(&scrub(10));
    let (arm, line) = (browser.text(drawing), browser.text(cursor));
    browser.evaluate(&scrub(60));
    assert!(browser.text(drawing) != arm && browser.text(cursor) != line);
    // another trial has other muscles
    let muscles = "document.querySelector('#fig-reaches .cells').getAttribute('href')";
    let before = browser.text(muscles);
    browser.evaluate(&format!(
        "(() => {{ const s = {}; s.selectedIndex = 1; s.dispatchEvent(new Event('change')) }})()",
        player("[aria-label=Trial]")
    ));
    assert_ne!(browser.text(muscles), before);
    // it plays to the end, and can be halted
    browser.evaluate(&change("Speed", 0));
    browser.evaluate(&scrub(0));
    browser.evaluate(&format!("{}.click()", player(".play")));
    let waited = format!(
        "new Promise(done => {{ const since = Date.now(), look = () => {panel}.now === {last} || Date.now() - since > 15000 ? done({panel}.now) : setTimeout(look, 20); look() }})"
    );
    assert_eq!(browser.number(&waited), last as f64);
    assert_eq!(browser.text(&(player(".play") + ".textContent")), "Play", "it has come to rest");
    browser.evaluate(&change("Speed", 2));
    browser.evaluate(&format!("{}.click()", player(".play")));
    browser.evaluate(&format!("{}.click()", player(".play")));
    assert!(browser.number(&format!("{panel}.now")) < last as f64, "it began anew, and was halted");
    assert_eq!(browser.evaluate("document.querySelectorAll('#fig-reaches .motion .muscle').length"), json!(32));
    // a muscle can be pointed at
    browser.evaluate(&scrub(40));
    let at = browser.evaluate("(() => { const l = document.querySelector('#fig-reaches .muscle[data-m=\"15\"]'), q = l.getPointAtLength(l.getTotalLength() / 2).matrixTransform(l.getScreenCTM()); return [q.x, q.y] })()");
    browser.mouse("mouseMoved", at[0].as_f64().unwrap(), at[1].as_f64().unwrap(), 0);
    let tip = browser.text("document.querySelector('#tip').textContent");
    assert!(tip.contains("activation") && motion.body.muscles.iter().any(|(name, _)| tip.starts_with(name)), "{tip:?}");
    browser.mouse("mouseMoved", 2.0, 2.0, 0);
}

fn keys_read_values(browser: &mut Browser) {
    browser.evaluate("document.querySelector('#fig-learning svg.panel').focus()");
    for _ in 0..3 {
        for kind in ["keyDown", "keyUp"] {
            let code = json!({ "type": kind, "key": "ArrowRight", "code": "ArrowRight", "windowsVirtualKeyCode": 39 });
            browser.call("Input.dispatchKeyEvent", code);
        }
    }
    let aloud = browser.text("document.querySelector('#live').textContent");
    assert!(aloud.contains("seed 1") && aloud.contains("20000"), "{aloud:?}");
    browser.evaluate("document.activeElement.blur()");
}

fn figures_are_saved(browser: &mut Browser) {
    for figure in ["recurrent", "psychometric", "space", "task", "reaches"] {
        let svg = browser.text(&format!("cogrnnReport.whole(document.querySelector('#fig-{figure}'))"));
        roxmltree::Document::parse(&svg).unwrap();
        assert!(!svg.contains("var(--"), "{figure}: colours stand in the file");
        let bytes = browser
            .number(&format!("cogrnnReport.bitmap(document.querySelector('#fig-{figure}'), 2).then(b => b.size)"));
        assert!(bytes > 5_000.0, "{figure}: {bytes} bytes");
        if let Some(folder) = shots() {
            std::fs::write(folder.join(format!("saved-{figure}.svg")), svg).unwrap();
        }
    }
}

fn the_button_switches_the_theme(browser: &mut Browser) {
    let paper = "getComputedStyle(document.body).backgroundColor";
    let before = browser.text(paper);
    browser.evaluate("document.querySelector('#theme').click()");
    assert_ne!(browser.text(paper), before);
    browser.evaluate("document.querySelector('#theme').click()");
    assert_eq!(browser.text(paper), before);
}

// ---- a browser, driven over its DevTools protocol ----

struct Browser {
    child: Child,
    socket: WebSocket<TcpStream>,
    session: Option<String>,
    next: i64,
    complaints: Vec<String>,
    asked: Vec<String>,
    loaded: bool,
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.socket.send(Message::text(json!({ "id": 0, "method": "Browser.close" }).to_string()));
        let since = Instant::now();
        while since.elapsed() < Duration::from_secs(5) {
            if matches!(self.child.try_wait(), Ok(Some(_))) {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Browser {
    fn start(program: &str, profile: &Path) -> Self {
        let mut child = Command::new(program)
            .args([
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--no-first-run",
                "--hide-scrollbars",
            ])
            .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
            .arg(format!("--user-data-dir={}", profile.display()))
            .args(["--remote-debugging-port=0", "about:blank"])
            .stderr(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let address = lines
            .by_ref()
            .map(|line| line.unwrap())
            .find_map(|line| line.strip_prefix("DevTools listening on ").map(str::to_owned))
            .expect("the browser says where it listens");
        std::thread::spawn(move || lines.for_each(drop));
        let host = address.trim_start_matches("ws://").split('/').next().unwrap();
        let stream = TcpStream::connect(host).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let (socket, _) = tungstenite::client(address.as_str(), stream).unwrap();
        let (complaints, asked) = (Vec::new(), Vec::new());
        let mut browser = Browser { child, socket, session: None, next: 1, complaints, asked, loaded: false };
        let target = browser.call("Target.createTarget", json!({ "url": "about:blank" }));
        let attached =
            browser.call("Target.attachToTarget", json!({ "targetId": target["targetId"], "flatten": true }));
        browser.session = Some(attached["sessionId"].as_str().unwrap().into());
        for domain in ["Page", "Runtime", "Log", "Network"] {
            browser.call(&format!("{domain}.enable"), json!({}));
        }
        browser
    }

    fn call(&mut self, method: &str, params: Value) -> Value {
        let id = self.next;
        self.next += 1;
        let mut message = json!({ "id": id, "method": method, "params": params });
        if let Some(session) = &self.session {
            message["sessionId"] = session.as_str().into();
        }
        self.socket.send(Message::text(message.to_string())).unwrap();
        loop {
            let reply = self.read();
            if reply["id"] == json!(id) {
                assert!(reply["error"].is_null(), "{method}: {reply}");
                return reply["result"].clone();
            }
        }
    }

    /// The next message; what the page logs and asks for is remembered.
    fn read(&mut self) -> Value {
        let text = loop {
            if let Message::Text(text) = self.socket.read().unwrap() {
                break text;
            }
        };
        let message: Value = serde_json::from_str(&text).unwrap();
        let params = &message["params"];
        match message["method"].as_str().unwrap_or("") {
            "Runtime.exceptionThrown" => self.complaints.push(params["exceptionDetails"].to_string()),
            "Runtime.consoleAPICalled" if params["type"] == "error" || params["type"] == "warning" => {
                self.complaints.push(params["args"].to_string());
            }
            "Log.entryAdded" if params["entry"]["level"] == "error" || params["entry"]["level"] == "warning" => {
                self.complaints.push(params["entry"].to_string());
            }
            "Network.requestWillBeSent" => self.asked.push(params["request"]["url"].as_str().unwrap().into()),
            "Page.loadEventFired" => self.loaded = true,
            _ => {}
        }
        message
    }

    fn open(&mut self, url: &str, width: i64, height: i64, scheme: &str) -> Duration {
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.call("Emulation.setDeviceMetricsOverride", metrics);
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        self.call("Emulation.setEmulatedMedia", json!({ "features": features }));
        self.loaded = false;
        let since = Instant::now();
        self.call("Page.navigate", json!({ "url": url }));
        while !self.loaded {
            self.read();
        }
        assert_eq!(self.text("document.documentElement.dataset.ready || ''"), "yes", "{:?}", self.complaints);
        let seconds = since.elapsed();
        self.evaluate("document.fonts.ready.then(() => 1)");
        seconds
    }

    fn evaluate(&mut self, script: &str) -> Value {
        let asked = json!({ "expression": script, "returnByValue": true, "awaitPromise": true });
        let reply = self.call("Runtime.evaluate", asked);
        assert!(reply["exceptionDetails"].is_null(), "{script}: {reply}");
        reply["result"]["value"].clone()
    }

    fn text(&mut self, script: &str) -> String {
        self.evaluate(script).as_str().unwrap_or_else(|| panic!("{script} is no text")).into()
    }

    fn number(&mut self, script: &str) -> f64 {
        self.evaluate(script).as_f64().unwrap_or_else(|| panic!("{script} is no number"))
    }

    fn look_at(&mut self, selector: &str) {
        self.evaluate(&format!(
            "document.querySelector('{selector}').scrollIntoView({{ block: 'center', behavior: 'instant' }}),
             new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
        ));
    }

    /// A point of the screen: parts of an element's width and height.
    fn place(&mut self, selector: &str, across: f64, down: f64) -> (f64, f64) {
        let at = self.evaluate(&format!(
            "(() => {{ const r = document.querySelector('{selector}').getBoundingClientRect();
             return [r.left + r.width * {across}, r.top + r.height * {down}] }})()"
        ));
        (at[0].as_f64().unwrap(), at[1].as_f64().unwrap())
    }

    fn mouse(&mut self, kind: &str, x: f64, y: f64, buttons: i64) {
        let button = if kind == "mouseMoved" { "none" } else { "left" };
        let event = json!({ "type": kind, "x": x, "y": y, "button": button, "buttons": buttons, "clickCount": 1 });
        self.call("Input.dispatchMouseEvent", event);
        // moves are delivered with the next frame
        self.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))");
    }

    fn shot(&mut self, name: &str) {
        let Some(folder) = shots() else { return };
        let size = self.evaluate("[innerWidth, document.documentElement.scrollHeight]");
        let clip = json!({ "x": 0, "y": 0, "width": size[0], "height": size[1], "scale": 1 });
        let asked = json!({ "format": "png", "captureBeyondViewport": true, "clip": clip });
        let image = self.call("Page.captureScreenshot", asked);
        std::fs::write(folder.join(format!("{name}.png.base64")), image["data"].as_str().unwrap()).unwrap();
    }

    fn asked(&self) -> Vec<String> {
        self.asked.clone()
    }
}

fn on_path(name: &str) -> bool {
    std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()).any(|folder| folder.join(name).is_file())
}

fn shots() -> Option<PathBuf> {
    let folder = PathBuf::from(std::env::var_os("COGRNN_SHOTS")?);
    std::fs::create_dir_all(&folder).unwrap();
    Some(folder)
}
