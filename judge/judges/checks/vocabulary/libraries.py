"""Libraries, simulators and the things people use: what a requirement calls them, how they show."""

from __future__ import annotations

from judge.judges.checks.vocabulary.concept import Concept, Kind, table

_library = table(Kind.LIBRARY)
_environment = table(Kind.ENVIRONMENT)
_app = table(Kind.APP)

LIBRARIES: tuple[Concept, ...] = (
    _library(
        "PyTorch",
        r"py-?torch",
        "torch.* torchvision.* pytorch_lightning.* timm.* nn.* facenet_pytorch.* transformers.*",
    ),
    _library("TensorFlow", r"tensorflow", "tensorflow.* tf.* keras.*"),
    _library("Keras", r"keras", "keras.* tensorflow.keras.* tf.keras.*"),
    _library("scikit-learn", r"scikit-?learn|sklearn", "sklearn.*"),
    _library("seaborn", r"seaborn", "seaborn.* sns.*"),
    _library("matplotlib", r"matplotlib", "matplotlib.* plt.*"),
    _library("Plotly", r"plotly", "plotly.* px.* go.Figure", literals=r"plotly"),
    _library("Bokeh", r"bokeh", "bokeh.*", literals=r"bokeh"),
    _library("D3.js", r"d3(?:\.js)?", "d3.*", literals=r"\bd3(?:\.v\d)?(?:\.min)?\.js|d3js\.org"),
    _library("librosa", r"librosa", "librosa.*"),
    _library("OpenCV", r"open-?cv", "cv2.* cv.*"),
    _library("tqdm", r"tqdm", "tqdm.* tqdm trange"),
    _library("pandas", r"pandas", "pandas.* pd.*"),
    _library("NumPy", r"numpy", "numpy.* np.*"),
    _library("NLTK", r"nltk", "nltk.*"),
    _library("spaCy", r"spacy", "spacy.*"),
    _library("statsmodels", r"statsmodels", "statsmodels.*"),
    _library("Pillow", r"pillow|pil", "PIL.*"),
    _library(
        "torchvision transforms",
        r"torchvision\.transforms",
        "torchvision.transforms.* transforms.* torchvision.transforms.v2.* v2.*",
    ),
    _library("Tailwind", r"tailwind(?: ?css)?", literals=r"tailwind"),
    _library("SQLite", r"sqlite3?(?= library| module)", "sqlite3.*"),
)

ENVIRONMENTS: tuple[Concept, ...] = (
    _environment(
        "Gym",
        r"(?:openai )?gym(?:nasium)?",
        "gym.make gymnasium.make gym.vector.* gymnasium.vector.* gym.envs.* gymnasium.envs.* "
        "gym.Env gymnasium.Env make_vec_env",
    ),
    _environment("CartPole", r"cart-?pole(?:-v\d)?", literals=r"cartpole"),
    _environment(
        "PyBullet",
        r"pybullet",
        "pybullet.* pybullet_envs.* p.connect pybullet_utils.*",
        literals=r"bullet",
    ),
    _environment(
        "Gridworld",
        r"grid-?world",
        named=r"grid_?world|maze|grid(?:$|_|[A-Z])",
    ),
    _environment(
        "trading environment",
        r"(?:stock )?trading (?:simulation )?environment",
        "gym.Env gymnasium.Env",
        named=r"trad|stock|market",
    ),
    _environment(
        "reward structure",
        r"reward (?:structure|function|design)",
        named=r"reward",
        code=r"\breward\w*\s*[-+]?=",
    ),
    _environment(
        "environment setup",
        r"environment set-?up",
        "gym.Env gymnasium.Env",
        named=r"env|reset|setup",
        code=r"\b(?:observation_space|action_space)\b",
    ),
)

_STREAMLIT = "streamlit.* st.*"
_DASH = "dash.* Dash dash.Dash"

APPS: tuple[Concept, ...] = (
    _app("Streamlit", r"streamlit", _STREAMLIT),
    _app("Dash", r"dash(?!board)", _DASH),
    _app("Flask", r"flask", "flask.* Flask"),
    _app("FastAPI", r"fast-?api", "fastapi.* FastAPI"),
    _app("Gradio", r"gradio", "gradio.* gr.*"),
    _app("Django", r"django", "django.*"),
    _app("Tkinter", r"tkinter|tk gui", "tkinter.* tk.*"),
    _app("PyQt", r"pyqt\d?|pyside\d?", "PyQt5.* PyQt6.* PySide6.* PySide2.*"),
    _app(
        "upload",
        r"upload(?:ed|s|ing)?(?: (?:a |new |audio |image )*(?:files?|databases?|images?))?",
        ".file_uploader dcc.Upload gradio.File gr.File gr.Audio gr.Image gradio.Audio "
        "gradio.Image FileReader FormData UploadFile File Upload FileInput",
        code=r"request\.files|uploaded|UploadFile|file_uploader",
        named=r"upload",
        literals=r"type=.?file|FileReader|FormData|multipart/form-data",
    ),
    _app(
        "selection",
        r"select(?:ed|s|ing)?(?= (?:a|an|one|whether|and|previously|without|the))",
        ".selectbox .radio .multiselect dcc.Dropdown Dropdown dcc.RadioItems gr.Dropdown "
        "gr.Radio .select_slider .Combobox OptionMenu Select RadioItems Radio",
        code=r"<select|selectbox|radio",
        named=r"select|choose",
        literals=r"<select|type=.?(?:radio|checkbox)|<option",
    ),
    _app(
        "button",
        r"(?:submit )?buttons?",
        ".button .form_submit_button .download_button html.Button dbc.Button Button gr.Button "
        "tk.Button addEventListener .addEventListener",
        code=r"<button|onclick|on_click",
        literals=r"<button|type=.?submit",
    ),
    _app(
        "numerical input",
        r"(?:numerical|numeric|number) (?:values?|inputs?|input fields?)",
        ".number_input .slider dcc.Input dcc.Slider gr.Number gr.Slider Spinbox IntSlider",
        literals=r"type=.?(?:number|range)",
    ),
    _app(
        "expandable elements",
        r"expandable(?: (?:elements?|sections?|list))?|accordions?|collapsible",
        ".expander gr.Accordion dbc.Accordion Accordion Collapse html.Details",
        literals=r"<details|createElement\('details|accordion|collapse|<summary",
    ),
    _app(
        "token-by-token streaming",
        r"token[- ]by[- ]token|streamed|streaming",
        ".write_stream StreamingResponse stream_with_context EventSource asyncio.Queue",
        code=r"\byield\b",
        named=r"stream",
        literals=r"EventSource|getReader\(|ReadableStream|WebSocket|text/event-stream",
    ),
    _app(
        "text area",
        r"(?:large )?text (?:area|field|box|input)s?|message box(?:es)?",
        ".text_area .text_input dcc.Textarea gr.Textbox html.Textarea dcc.Input Text ScrolledText "
        "Entry Textarea TextInput TextAreaInput",
        literals=r"<textarea|<input(?![^>]*type=.?(?:number|submit|file|radio|checkbox))",
    ),
    _app(
        "interactive widgets",
        r"interactive (?:elements?|widgets?|controls?)",
        "ipywidgets.* plotly.* bokeh.* dcc.* dash.* altair.*",
        literals=r"plotly|bokeh|<select|<input|<button|onclick|addEventListener",
    ),
    _app("Tableau or Power BI", r"tableau\"?\s*or\s*\"?power ?bi|tableau|power ?bi"),
)
