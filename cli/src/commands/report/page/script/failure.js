"use strict";

// A report whose data is damaged says so, instead of seeming to load forever.

window.addEventListener("error", () => {
  const loading = document.getElementById("loading");
  if (loading !== null) {
    loading.textContent = "This report cannot be shown, because its data is damaged. Make it again with app-role report.";
  }
});
